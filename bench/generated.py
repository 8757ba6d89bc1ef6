"""Writes what `testkit.generated` makes into a folder: ``python -m bench.generated FOLDER [-n COUNT]``."""

import argparse
from pathlib import Path

from testkit.generated import generate, write


def main() -> None:
    """Write generated templates into a folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.generated", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-n", "--count", type=int, default=1000, help="how many [1000]")
    parser.add_argument("--seed", type=int, default=0, help="other texts of the same make [0]")
    options = parser.parse_args()
    templates = generate(options.count, options.seed)
    write(options.folder, templates)
    sizes = sorted(len(text.encode()) for text in templates.values())
    print(
        f"{len(sizes)} templates, {sum(sizes) / 1e6:.1f} MB, {sizes[0]} to {sizes[-1]} bytes,"
        f" mean {sum(sizes) // len(sizes)}, in {options.folder}"
    )


if __name__ == "__main__":
    main()
