"""``python -m bench.walkers``: see `bench.walkers.command`."""

import sys

try:
    import aiosmtpd  # noqa: F401  # the server's, in another process

    from bench.walkers.command import main
except ModuleNotFoundError as error:
    print(f"python -m bench.walkers: error: it needs `{error.name}`: pip install '.[bench]'", file=sys.stderr)
    sys.exit(2)
except KeyboardInterrupt:  # the libraries take a second to import
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
