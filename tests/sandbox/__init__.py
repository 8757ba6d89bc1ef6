"""Sandboxed templates: what they may, and how much of it."""
