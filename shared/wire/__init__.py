"""The formats that cross a wire or a sheet of paper: each is a frozen dataclass that is parsed at the boundary only."""
