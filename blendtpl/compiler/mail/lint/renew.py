"""Renew the data of mail clients: `python -m blendtpl.compiler.mail.lint.renew [VERSION]`.

It takes the one JSON file of the npm package `caniemail` and its licence, which npm's own client downloads and checks,
and writes them, with the version and the date of the data, into the folder `data`.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

DATA = Path(__file__).parent / "data"
SOURCE = "package/data/caniemail.json"
LICENCE = "package/LICENSE"


def main(version: str = "^2") -> None:
    """Write the data of a version of the package."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--json", "--pack-destination", folder, f"caniemail@{version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        packed = json.loads(done.stdout)[0]
        with tarfile.open(Path(folder, packed["filename"])) as archive:
            texts = {name: _text(archive, name) for name in (SOURCE, LICENCE)}
    rows = json.loads(texts[SOURCE])
    about = {
        "package": "caniemail",
        "version": packed["version"],
        "integrity": packed["integrity"],
        "licence": "MIT",
        "updated": rows["last_update_date"][:10],
        "features": len(rows["data"]),
    }
    DATA.joinpath("caniemail.json").write_bytes(texts[SOURCE])
    DATA.joinpath("LICENSE").write_bytes(texts[LICENCE])
    DATA.joinpath("source.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"caniemail {about['version']}: {about['features']} features, of {about['updated']}\n")


def _text(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise SystemExit(f"the package has no file {name}")
    return member.read()


if __name__ == "__main__":
    main(*sys.argv[1:2])
