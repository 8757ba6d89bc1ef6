"""Freeze an application with PyInstaller, and run what comes of it: ``python -m tests.frozen``.

It takes a minute, and PyInstaller, which is none of the extras: ``pip install pyinstaller``. Exits 1 when the frozen
application does not do what the application does, or lacks what this installation has in C.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import blendtpl
from tests.frozen.made import expected, package


def main() -> int:
    pyinstaller = shutil.which("pyinstaller", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if pyinstaller is None:
        print("python -m tests.frozen: error: it needs `pyinstaller`: pip install pyinstaller", file=sys.stderr)
        return 2
    status = 0
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        package(folder)
        (folder / "start.py").write_text("from shop.application import main\nmain()\n", encoding="utf-8")
        for kind in ("--onedir", "--onefile"):
            command = [pyinstaller, kind, "--noconfirm", "--log-level=ERROR", "--add-data=shop/shop.blend:shop"]
            command += [f"--paths={Path(blendtpl.__file__).parents[1]}", "start.py"]  # where it looks if not installed
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                return 1
            frozen = folder / "dist" / ("start/start" if kind == "--onedir" else "start")
            shown = subprocess.run([frozen], cwd="/", env={}, capture_output=True, text=True, check=False)
            same = shown.stdout == expected()
            status |= not same
            print(f"{kind}: {'as it should be' if same else 'differs'}\n{shown.stdout}{shown.stderr}")
            shutil.rmtree(folder / "dist")
    return status


if __name__ == "__main__":
    sys.exit(main())
