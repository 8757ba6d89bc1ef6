"""Passes: each one idea, from the intermediate form to the intermediate form."""
