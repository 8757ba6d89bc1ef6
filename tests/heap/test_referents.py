"""What objects refer to."""

import re
import subprocess
import sys
from pathlib import Path

import blendtpl
from blendtpl.heap.referents import referents

# a future that is awaited is iterated over, by an iterator that comes from a free list of `_asyncio`
SCRIPT = """
import asyncio, _asyncio, gc
from blendtpl.heap.referents import referents

async def main():
    loop = asyncio.get_running_loop()
    for _ in range(3):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future

asyncio.run(main())
referents(_asyncio, [])
asyncio.run(main())
gc.collect()
"""


def test_looking_at_all_that_there_is_leaves_the_free_lists_of_others_alone() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_that_objects_refer_to_is_told() -> None:
    one, two = object(), object()
    assert sorted(map(id, referents([one, two], (one,)))) == sorted(map(id, (one, two, one)))


def test_nothing_asks_the_collector_past_it() -> None:
    package = Path(blendtpl.__file__).parent
    asking = [path for path in package.rglob("*.py") if re.search(r"gc\.get_referents", path.read_text("utf-8"))]
    assert [path.relative_to(package).as_posix() for path in asking] == ["heap/referents.py"]
