"""Who is written to: partners, subscribers and their lists."""
