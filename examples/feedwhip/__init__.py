"""Feedwhip in small: walkers watch pages and e-mail people when they change.

``python -m examples.feedwhip``, from the project's folder, shows all of it in a minute. Read `walker.py` first, then
`database.py`: an e-mail is due from the moment that its change is known, in one transaction, and is sent once.
"""
