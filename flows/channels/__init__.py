"""What carries a message to the other side. One small file per channel."""
