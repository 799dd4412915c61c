"""The command line, the demo and the simulators: what stands above central and the devices and may know them all."""
