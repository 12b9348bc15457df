"""Rollcall: who has access to what, since when, through what. Each folder here is one subject."""

__version__ = "0.1.0"
