"""Rollcall: who has access to what, since when, through what. Each folder is a subject."""

__version__ = "0.1.0"
