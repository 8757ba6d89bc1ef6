"""What the commands of this package take."""

import argparse


def count(text: str) -> int:
    """Return a number from 1 on, for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return int(text)
