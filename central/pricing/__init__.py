"""What it costs: tariffs and price grids."""
