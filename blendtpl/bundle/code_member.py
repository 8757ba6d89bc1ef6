"""The code member: the member of a bundle that is code.

Enters: its bytes. Leaves: what the code of each template says of itself, the code of its functions, and what of other
templates those are to be linked to.

For each template, in the order of the manifest, there are two numbers of four bytes, and as many bytes as each says.
The first are a marshalled tuple: the names of its functions, what of the environment they are to be bound to, the
numbers of what they are linked to, and the fields of `blendtpl.runtime.compiled_template.Shape`. The second are one of
links, each another template and the part of it, and of constant slots, each a constant or another template and the part
of it. Behind them all is a marshalled tuple, of a tuple of code for each template. What is needed but once, while a
template is bound, is read when its turn comes, and does not come to lie between what stays: the memory that it leaves
is used again.
"""

import marshal
import struct
from collections.abc import Iterator
from typing import Any

LENGTHS = struct.Struct("<II")

Data = bytes | memoryview


def start_of_tuple(data: Data, count: int) -> int:
    """Return where the marshalled tuple of `count` templates begins; raises `ValueError` when it is not there.

    Nothing is unmarshalled for that.
    """
    at = 0
    for _ in range(count):
        if len(data) < at + LENGTHS.size:
            break
        at += LENGTHS.size + sum(LENGTHS.unpack_from(data, at))
    if data[at : at + 5] != b"(" + count.to_bytes(4, "little"):
        raise ValueError(f"it is not the code of {count} templates")
    return at


def read_metadata(data: Data, count: int) -> Iterator[Any]:
    """Yield what each of `count` templates says of itself."""
    for start, end, _ in _ends(data, count):
        yield marshal.loads(data[start:end])


def read_links(data: Data, count: int) -> Iterator[Any]:
    """Yield what each of `count` templates is to be linked to."""
    for _, start, end in _ends(data, count):
        yield marshal.loads(data[start:end])


def read_codes(data: Data, count: int) -> Iterator[Any]:
    """Yield the code of the functions of each of `count` templates."""
    codes = marshal.loads(data[start_of_tuple(data, count) :])
    if type(codes) is not tuple or len(codes) != count:
        raise TypeError("it is not the code of each template")
    waiting = list(codes[::-1])
    del codes
    while waiting:
        yield waiting.pop()


def _ends(data: Data, count: int) -> Iterator[tuple[int, int, int]]:
    at = 0
    for _ in range(count):
        start = at + LENGTHS.size
        about, links = LENGTHS.unpack_from(data, at)
        at = start + about + links
        yield start, start + about, at
