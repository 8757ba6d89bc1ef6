"""``python -m blendtpl`` and the `blendtpl` command."""

import sys


def main() -> None:
    """Run the command line; without the libraries of the `build` extra, say how to get them."""
    try:
        from blendtpl.cli import command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich", "diskcache"}:
            raise
        sys.exit(f"error: the command line needs `{error.name}`: install it with `pip install 'blendtpl[build]'`")
    command()


if __name__ == "__main__":
    main()
