"""Packing: the code of all templates as one, in which whatever is equal is there once.

Enters: the functions of a template, and what they say of themselves. Leaves: the bytes of one template, and those of
many, as `blendtpl.bundle.code_member` reads them: texts, names and tables that are equal are one object there, as
`marshal` itself writes what it finds to be one. What Python loads of it takes less memory, and less time. The same code
in the same order gives the same bytes.

Code is read as version 2 of the format has it, where nothing refers to anything else. The bytes of instructions, which
Python copies into the code that it makes, stay where they are.
"""

import marshal
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from blendtpl.bundle.code_member import LENGTHS

# Version 2 of the format has neither references nor a mark on interned strings, so that its bytes depend on the
# values alone; later versions write both by reference counts, which differ from run to run.
_MARSHAL_VERSION = 2

_SIZES = dict.fromkeys(b"NTFS.0", 1) | {ord("i"): 5, ord("g"): 9, ord("y"): 17}
_TEXT, _BYTES, _TUPLE, _CODE, _LONG = b"us(cl"
_COLLECTIONS = frozenset(b"[<>")
_SHARED, _REFERENCE = 0x80, b"r"
_NUMBERS = 20  # bytes of what stands before the instructions of code
_BEHIND = 8  # objects between those and the number of its first line; two more follow that


class _StrangeError(ValueError):
    """This is no marshalled code that Python writes."""


@dataclass(slots=True)
class _Object:
    """An object that may be shared: its parts are bytes as they are, and other objects."""

    parts: "list[bytes | _Object]"
    uses: int = 0
    index: int = -1


class _Reader:
    """Reads marshalled objects; those that are equal become one."""

    def __init__(self) -> None:
        self._objects: dict[bytes, _Object] = {}

    def whole(self, data: bytes) -> "bytes | _Object":
        item, end = self._read(data, 0)
        if end != len(data):
            raise _StrangeError(f"{len(data) - end} bytes are left")
        return item

    def _read(self, data: bytes, at: int) -> "tuple[bytes | _Object, int]":
        kind = data[at]
        if kind in _SIZES:
            end = at + _SIZES[kind]
            return data[at:end], end
        if kind in {_TEXT, _BYTES}:
            end = at + 5 + _number(data, at + 1)
            return self._shared(data[at:end], [data[at:end]]), end
        if kind == _LONG:
            end = at + 5 + 2 * abs(_number(data, at + 1))
            return data[at:end], end
        if kind == _TUPLE or kind in _COLLECTIONS:
            parts: list[bytes | _Object] = [data[at : at + 5]]
            end = at + 5
            for _ in range(_number(data, at + 1)):
                part, end = self._read(data, end)
                parts.append(part)
            return (self._shared(data[at:end], parts) if kind == _TUPLE else _Object(parts)), end
        if kind == _CODE:
            return self._code(data, at)
        raise _StrangeError(f"an object of kind {chr(kind)!r}")

    def _code(self, data: bytes, at: int) -> "tuple[_Object, int]":
        begin = at + 1 + _NUMBERS
        if data[begin] != _BYTES:
            raise _StrangeError("code whose instructions are no bytes")
        end = begin + 5 + _number(data, begin + 1)
        parts: list[bytes | _Object] = [data[at:end]]
        for _ in range(_BEHIND - 1):
            part, end = self._read(data, end)
            parts.append(part)
        parts.append(data[end : end + 4])
        end += 4
        for _ in range(2):
            part, end = self._read(data, end)
            parts.append(part)
        return _Object(parts), end

    def _shared(self, raw: bytes, parts: "list[bytes | _Object]") -> _Object:
        return self._objects.setdefault(raw, _Object(parts))


def _number(data: bytes, at: int) -> int:
    number: int = struct.unpack_from("<i", data, at)[0]
    return number


def _count(item: "bytes | _Object") -> None:
    if isinstance(item, _Object):
        item.uses += 1
        if item.uses == 1:
            for part in item.parts:
                _count(part)


class _Writer:
    """Writes objects; those that are used more than once are referred to, in the order in which Python reads them."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._shared = 0

    def write(self, item: "bytes | _Object") -> None:
        if isinstance(item, bytes):
            self.pieces.append(item)
        elif item.index >= 0:
            self.pieces.append(_REFERENCE + struct.pack("<i", item.index))
        else:
            first, *parts = item.parts
            if item.uses > 1 and isinstance(first, bytes):
                item.index, self._shared = self._shared, self._shared + 1
                first = bytes((first[0] | _SHARED,)) + first[1:]
            self.write(first)
            for part in parts:
                self.write(part)


def unit(
    info: tuple[Any, ...],
    bound: tuple[tuple[str, ...], ...],
    relocations: Mapping[int, tuple[str, str]],
    constant_slots: tuple[tuple[Any, ...], ...],
    functions: Mapping[str, CodeType],
) -> bytes:
    """Return the bytes of one template: what its code says of itself, what of the environment and of other templates it
    is to be bound to, what is in its slots, and its functions.
    """
    metadata = tuple(functions), bound, tuple(relocations), info
    packed_metadata, linked, code = (
        marshal.dumps(value, _MARSHAL_VERSION)
        for value in (metadata, (tuple(relocations.values()), constant_slots), tuple(functions.values()))
    )
    return LENGTHS.pack(len(packed_metadata), len(linked)) + packed_metadata + linked + code


def pack(units: Sequence[bytes]) -> bytes:
    """Return the bytes of many templates, in the same order."""
    ends = [LENGTHS.size + sum(LENGTHS.unpack_from(packed)) for packed in units]
    return b"".join(packed[:end] for packed, end in zip(units, ends, strict=True)) + merge(
        [packed[end:] for packed, end in zip(units, ends, strict=True)]
    )


def merge(units: Sequence[bytes]) -> bytes:
    """Return one marshalled tuple of what is marshalled in each of `units`."""
    head = bytes((_TUPLE,)) + struct.pack("<i", len(units))
    reader, writer = _Reader(), _Writer()
    try:
        items = [reader.whole(unit) for unit in units]
    except (_StrangeError, IndexError, struct.error):
        return head + b"".join(units)  # a Python that writes code in another way: all of it stands by itself
    for unit in items:
        _count(unit)
    writer.pieces.append(head)
    for unit in items:
        writer.write(unit)
    return b"".join(writer.pieces)
