"""Stand-ins for hardware that cannot be had on a desk: they speak the real protocols and fail on demand."""
