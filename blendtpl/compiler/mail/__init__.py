"""E-mails in the build: which templates are messages, and what is made of them there."""
