"""A campaign folder: its event, steps, checks and fingerprint."""
