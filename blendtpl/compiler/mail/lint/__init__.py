"""Lint of e-mails: what mail clients do not show, and what people who read mail cannot use."""
