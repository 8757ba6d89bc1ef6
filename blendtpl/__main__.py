"""``python -m blendtpl`` and the `blendtpl` command."""

import sys
import traceback

from blendtpl.extras import not_installed
from blendtpl.printable import printable
from blendtpl.tools.versions import version_line


def main() -> None:
    """Run the command line; without the libraries of the `build` extra, say how to get them."""
    try:
        from blendtpl.cli import command
    except ImportError as error:
        problem = not_installed("the command line", error)
        if sys.argv[1:] == ["--version"]:  # which is asked where bundles are only loaded, too
            sys.stdout.write(f"{version_line()}\n")
            return
        sys.exit(f"error: {problem}")
    try:
        command()
    except Exception:  # a mistake of ours, or of what the application's code does to us
        sys.exit(printable(traceback.format_exc().rstrip("\n")))


if __name__ == "__main__":
    main()
