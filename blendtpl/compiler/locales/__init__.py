"""Locales: what templates have to be translated, and the catalogues that a project has of that."""
