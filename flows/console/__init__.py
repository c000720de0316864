"""What one sees in a browser: the public pages, and beside them the staff's console."""
