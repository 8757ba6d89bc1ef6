"""The lint of e-mails."""
