"""The shell that every area stands in: the HTTP face, the frame of pages, lists and forms. It knows areas by their
declarations only, and nothing of the trade."""
