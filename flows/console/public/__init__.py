"""Pages for readers: subscribe, confirm, change, leave, read. No script, cookie or third party."""
