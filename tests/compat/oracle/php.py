"""The PHP half of a case: its files in a folder of their own, run by a real `php` of the command line.

Enters: a case and an empty folder. Leaves: what it printed; what it complained of besides, which no case may.
"""

import re
import shutil
import subprocess
from pathlib import Path

from tests.compat.oracle.cases import Case, Output

PHP = shutil.which("php")
NOT_INSTALLED = "php is not installed: its recorded outputs stand in for it"

# no php.ini: errors go to standard error, once, nothing is cached, and files are looked for where the old code was run
_OPTIONS = {"display_errors": "stderr", "log_errors": "0", "html_errors": "0", "opcache.enable_cli": "0"}
_PATH = {"include_path": "."}

_MISSING = re.compile(r"^Warning: include(?:_once)?\(.*\): Failed opening '", re.MULTILINE)
_TOLD = re.compile(r"^Warning: (?:include|require)(?:_once)?\(.*\n?", re.MULTILINE)


def run(case: Case, folder: Path) -> tuple[Output, str]:
    """Return what the case's PHP printed, and its complaints: what it said that is not of files that are missing."""
    if PHP is None:
        raise RuntimeError(NOT_INSTALLED)
    for name, text in case.old_files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    given = [part for name, value in {**_OPTIONS, **_PATH}.items() for part in ("-d", f"{name}={value}")]
    printed, status, warnings, complaints = b"", 0, 0, ""
    for request in range(1, case.requests + 1):
        shown = subprocess.run(
            [PHP, "-n", *given, "main.php", str(request)], cwd=folder, capture_output=True, timeout=30, check=False
        )
        told = shown.stderr.decode("utf-8")
        printed += shown.stdout
        status = max(status, shown.returncode)
        warnings += len(_MISSING.findall(told))
        complaints += "" if shown.returncode else _TOLD.sub("", told).strip()
    return Output(printed.decode("utf-8"), status, warnings), complaints
