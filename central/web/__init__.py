"""The shell that every area stands in: the HTTP face and the live page. It knows areas by their declarations only."""
