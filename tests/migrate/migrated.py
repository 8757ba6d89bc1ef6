"""What becomes of the old programs."""

from pathlib import Path

from blendtpl.migrate import Migration, Templates, migrate
from tests.migrate.support import ALIASES, bundle, environment


def migrated(*files: Path, folder: Path, registry: str = "bridge:registry") -> Migration:
    """Return what becomes of files in the folder of a project."""
    templates = Templates(bundle(), environment(), ("templates",), ALIASES, folder, own=True)
    return migrate(files, templates, registry=registry)


def told(found: Migration, folder: Path) -> str:
    """Return what is told of calls, a line each, without the folder."""
    rows = [
        f"{remark.line}: left: {remark.call}: {remark.text}" for each in found.results for remark in each.found.left
    ]
    notes = [f"{each.line}: note: {each.call}: {each.text}" for result in found.results for each in result.found.notes]
    text = "".join(f"{row}\n" for row in sorted((*rows, *notes), key=lambda row: int(row.partition(":")[0])))
    return text.replace(f"{folder}/", "")


def new_bytes(found: Migration, old: bytes) -> bytes:
    """Return the bytes of the one file, as they are or as they become."""
    return next((result.new for result in found.results if result.new is not None), old)
