"""What is on: events and their performances."""
