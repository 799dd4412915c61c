"""What central and the edge agree on: values, wire formats and rules, all pure; I/O stands in `runtime`."""
