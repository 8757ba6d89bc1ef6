"""Messages: what templates print, as e-mails."""
