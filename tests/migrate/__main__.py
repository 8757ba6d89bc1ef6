"""``python -m tests.migrate [CASE…]``: write the snapshots of the corpus anew, for a person to review."""

import sys
import tempfile
from pathlib import Path

from tests.migrate.migrated import migrated, new_bytes, told
from tests.migrate.support import CORPUS, cases, placed, project

with tempfile.TemporaryDirectory() as temporary:
    folder = project(Path(temporary))
    for name in sys.argv[1:] or cases():
        program = placed(name, "before.txt", folder)
        found = migrated(program, folder / "includes.py", folder=folder)
        (CORPUS / name / "after.txt").write_bytes(new_bytes(found, program.read_bytes()))
        (CORPUS / name / "told.txt").write_text(told(found, folder), encoding="utf-8")
