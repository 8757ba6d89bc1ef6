"""What looks at templates from outside: verification, contexts, and long runs."""
