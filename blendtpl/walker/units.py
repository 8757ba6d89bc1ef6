"""Units: durations and sizes as people write them, ``20m`` and ``40MB``.

Enters: a number, a `timedelta`, or a text of a setting or a command line. Leaves: seconds, or bytes; or one error that
says what was found and how it is written.
"""

import math
import re
from datetime import timedelta

from blendtpl.errors import ConfigError
from blendtpl.printable import one_line

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"b": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("kmgt", 1)
    for unit, base in (("b", 1000), ("ib", 1024))
}

_NUMBER = r"\d+(?:\.\d+)?"
_STEP = re.compile(rf"({_NUMBER})\s*({'|'.join(_SECONDS)})", re.ASCII)
_DURATION = re.compile(rf"(?:{_STEP.pattern}\s*)+", re.ASCII)
_SIZE = re.compile(rf"({_NUMBER})\s*({'|'.join(_BYTES)})", re.ASCII | re.IGNORECASE)
_BARE = re.compile(_NUMBER, re.ASCII)


def duration(value: object, setting: str = "a duration") -> float:
    """Return the seconds of a number of them, a `timedelta`, or a text such as ``90s``, ``20m`` or ``1h30m``.

    `setting` is what it is for, as an error names it. Raises `ConfigError` for what is none, or is not above zero.
    """
    text = value.strip() if isinstance(value, str) else ""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif _BARE.fullmatch(text):
        seconds = float(text)
    elif _DURATION.fullmatch(text):
        steps = [(float(number), unit) for number, unit in _STEP.findall(text)]
        units = [list(_SECONDS).index(unit) for _, unit in steps]
        if units != sorted(set(units), reverse=True):
            raise _refused(value, setting, "has its units in another order than d, h, m, s, ms, or one twice")
        seconds = sum(number * _SECONDS[unit] for number, unit in steps)
    else:
        seconds = _number(value, setting, "no duration: write `90s`, `20m`, `1h30m`, or a number of seconds")
    return _above_zero(seconds, value, setting)


def size(value: object, setting: str = "a size") -> int:
    """Return the bytes of a number of them, or of a text such as ``40MB`` or ``1.5GiB``.

    kB, MB, GB and TB are powers of 1000; KiB, MiB, GiB and TiB of 1024. `setting` is what it is for, as an error names
    it. Raises `ConfigError` for what is none, or is not above zero.
    """
    text = value.strip() if isinstance(value, str) else ""
    if _BARE.fullmatch(text):
        found = float(text)
    elif sized := _SIZE.fullmatch(text):
        found = float(sized[1]) * _BYTES[sized[2].lower()]
    else:
        found = _number(value, setting, "no size: write `40MB`, `1.5GiB`, or a number of bytes")
    return math.ceil(_above_zero(found, value, setting))


def _number(value: object, setting: str, otherwise: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _refused(value, setting, f"is {otherwise}")


def _above_zero(found: float, value: object, setting: str) -> float:
    if not 0 < found < math.inf:
        raise _refused(value, setting, "is not above zero" if found <= 0 else "is no number that ends")
    return found


def _refused(value: object, setting: str, why: str) -> ConfigError:
    return ConfigError(f"{setting}: `{one_line(value if isinstance(value, str) else repr(value))}` {why}")
