"""A stored run to compare with: ``python -m bench.baseline FILE`` makes ``bench/baseline.json`` of it.

Enters: what ``--benchmark-json=FILE`` wrote. Leaves: what a comparison needs of it, and nothing about the machine. What
is compared are ratios to Jinja2 in the same run, and memory; the seconds are there because pytest-benchmark's own table
has them.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).parent / "baseline.json"

_STATS = (
    *("min", "max", "mean", "stddev", "rounds", "median", "iqr", "iqr_outliers", "stddev_outliers", "outliers"),
    *("ld15iqr", "hd15iqr", "q1", "q3", "ops", "total", "iterations"),
)
_DIGITS = 6
_REMEDY = "`--benchmark-json=FILE` writes one, and `python -m bench.baseline FILE` stores it"


def reduced(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run without its rounds and its machine."""
    benchmarks = [
        {
            "group": bench["group"],
            "name": bench["name"],
            "fullname": bench["fullname"],
            "params": None,
            "extra_info": _short(bench["extra_info"]),
            "stats": _short({name: bench["stats"][name] for name in _STATS}),
        }
        for bench in run["benchmarks"]
    ]
    return {"machine_info": {}, "commit_info": {}, "benchmarks": benchmarks, "version": run["version"]}


def complaint(option: str) -> str:
    """Return why a run cannot be compared with, or an empty string.

    `option` is what ``--benchmark-compare`` was given: a file, or what pytest-benchmark looks for among its own, which
    are not looked at here.
    """
    path = Path(option)
    if not path.exists():
        named = os.sep in option or path.suffix == ".json"
        is_pattern = any(letter in option for letter in "*?[")
        return f"`{option}`: there is no such file; {_REMEDY}" if named and not is_pattern else ""
    try:
        reduced(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        return f"`{option}`: {error.strerror}"
    except (ValueError, KeyError, TypeError):
        return f"`{option}` is no run that was stored whole; {_REMEDY}"
    return ""


def _short(value: Any) -> Any:
    """Return a value with its numbers to six digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the baseline of a run."""
    parser = argparse.ArgumentParser(prog="python -m bench.baseline", description=__doc__)
    parser.add_argument("file", type=Path, help="what `--benchmark-json` wrote")
    parser.add_argument("-o", "--output", type=Path, default=BASELINE, help="[bench/baseline.json]")
    options = parser.parse_args(arguments)
    try:
        run = json.loads(options.file.read_text(encoding="utf-8"))
        baseline = reduced(run)
    except OSError as error:
        parser.error(f"`{options.file}`: {error.strerror}")
    except (ValueError, KeyError, TypeError):
        parser.error(f"`{options.file}` is not what `--benchmark-json` writes")
    lines = ",\n".join(json.dumps(bench) for bench in baseline.pop("benchmarks"))
    head = json.dumps(baseline).removesuffix("}")
    try:
        options.output.write_text(f'{head}, "benchmarks": [\n{lines}\n]}}\n', encoding="utf-8")
    except OSError as error:
        parser.error(f"`{options.output}`: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
