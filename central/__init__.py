"""The server: one door for every change, one feed for every device's view, one kind of fact for what devices saw."""
