"""Tests of texts that are to be translated, and of catalogues."""
