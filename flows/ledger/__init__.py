"""What became of every message to every recipient."""
