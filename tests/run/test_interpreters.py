"""Several interpreters in one process, each with a lock of its own where Python has that, render what one does."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

import blendtpl
from blendtpl.runtime import speedups
from testkit.examples import context_of, every_example

INTERPRETERS, RENDERS = 3, 2

# What a process does that gets code as its first argument, and how many interpreters run it, all of them at once.
AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

try:
    from concurrent import interpreters
except ImportError:
    try:
        import _interpreters as raw
        create = lambda: raw.create("isolated")
    except ImportError:
        import _xxsubinterpreters as raw
        create = lambda: raw.create(isolated=True)
    execute = getattr(raw, "exec", raw.run_string)

    class Interpreter:
        def __init__(self):
            self.number = create()
        def exec(self, code):
            if failed := execute(self.number, code):
                raise RuntimeError(failed.formatted)
        def close(self):
            raw.destroy(self.number)
else:
    Interpreter = interpreters.create

code, count = sys.argv[1], int(sys.argv[2])
barrier = Barrier(count)

def run(number):
    interpreter = Interpreter()
    barrier.wait()
    interpreter.exec(f"number = {number}\\n{code}")
    interpreter.close()

with ThreadPoolExecutor(count) as pool:
    list(pool.map(run, range(count)))
"""

IN_EACH = """
import json
import blendtpl
from blendtpl.runtime import speedups

registry = blendtpl.load("shop.blend")
with open("work.json", encoding="utf-8") as file:
    work = json.load(file)
wrong = [name for name, context, text in work * {renders} if registry.render(name, context) != text]
with open(f"answer-{{number}}.json", "w", encoding="utf-8") as file:
    json.dump([speedups.WHY_NOT, wrong], file)
"""


@pytest.fixture
def at_once(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(code: str, count: int) -> subprocess.CompletedProcess[str]:
        # no `-W error`: Python 3.14 and jinja2 are asked for what they do, not for what they say of it
        command = [sys.executable, "-c", AT_ONCE, code, str(count)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    if not any(find_spec(name) for name in ("concurrent.interpreters", "_interpreters", "_xxsubinterpreters")):
        pytest.skip("this Python has no module for interpreters")
    if sys.version_info < (3, 13, 5):
        # 3.12.1 and 3.13.0 end with `double free`, most times, when interpreters at once import, without blendtpl, what
        # it imports of the standard library; in 3.11, where they share a lock, one may wait for it for good. 3.13.5 is
        # the first that was seen to do neither.
        pytest.skip("interpreters at once crash or hang in this Python, also without blendtpl")
    alone = run("import jinja2, markupsafe, json, hashlib, zlib", 1)
    if alone.returncode:
        said = (alone.stderr.strip() or "nothing").splitlines()[-1]
        pytest.skip(f"without blendtpl an interpreter fails to end or to import what it needs, too: {said}")
    return run


def test_interpreters_at_once_render_the_same_bytes_with_the_functions_in_c_that_the_first_has(
    at_once: Callable[..., subprocess.CompletedProcess[str]],
    bundle: blendtpl.Bundle,
    registry: blendtpl.Registry,
    tmp_path: Path,
) -> None:
    contexts = [(name, context_of(name, example)) for name, example in every_example()]
    work = [(name, context, registry.render(name, context)) for name, context in contexts]
    (tmp_path / "work.json").write_text(json.dumps(work), encoding="utf-8")
    bundle.write(tmp_path / "shop.blend")

    done = at_once(IN_EACH.format(renders=RENDERS), INTERPRETERS)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    answers = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(tmp_path.glob("answer-*.json"))]
    assert answers == [[speedups.WHY_NOT, []]] * INTERPRETERS


def test_what_an_interpreter_raises_is_an_error_of_the_process_that_asked(
    at_once: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = at_once("import blendtpl\nblendtpl.load('no.blend')", 1)

    assert done.returncode == 1
    assert "no.blend" in done.stderr
