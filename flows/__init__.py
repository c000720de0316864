"""Oproep: one news item out through newsletter, social posts and partner mail, once and on time."""

__version__ = "0.1.0"
