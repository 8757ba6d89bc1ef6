"""From trees to the intermediate form: names are resolved, and each tag says all that it does."""
