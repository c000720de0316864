"""What the mail system says afterwards: bounces, complaints, autoresponses, replies."""
