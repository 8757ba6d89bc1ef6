"""``python -m bench.memory``: see `bench.memory.command`."""

import sys

try:
    from bench.memory.command import main
except ModuleNotFoundError as error:
    remedy = "pip install '.[build,bench]'"
    print(f"python -m bench.memory: error: it needs `{error.name}`: {remedy}", file=sys.stderr)
    sys.exit(2)
except KeyboardInterrupt:  # the libraries take a second to import
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
