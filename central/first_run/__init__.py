"""The first run: from an empty database to a house with its first administrator, in the browser."""
