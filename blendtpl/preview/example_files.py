"""Example files: one example taken out of its file as text, and put back with the rest of the file as it was.

Enters: the path of a file of examples, and what somebody wrote in place of one of them. Leaves: texts, contexts, and
the file with that example alone replaced. What is shown is what stands in the file, to the letter but for its indent,
so that numbers, escapes and line breaks come back as their author wrote them.
"""

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from blendtpl.bundle.atomic_file import replace_file, resolved
from blendtpl.errors import BlendError, ConfigError

_WHITE = re.compile(r"[ \t\n\r]*")
_writing = threading.Lock()  # from comparing a file until it is replaced


class ExampleError(BlendError):
    """What somebody wrote is no context; `line` and `column` count from 1, and 0 stands for unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message, line, column)
        self.message, self.line, self.column = message, line, column

    def _text(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}" if self.line else self.message


class ConflictError(BlendError):
    """The file is not what it was when the example was taken out of it."""


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """A file of examples as it was read: `digest` is the SHA-256 of its bytes, `spans` where each example stands."""

    path: Path
    digest: str
    text: str = field(repr=False)
    spans: Mapping[str, tuple[int, int]]

    def example(self, name: str) -> str:
        """Return the text of an example, without the indent that it has in the file, and with plain line breaks."""
        start, end = self.spans[name]
        return _without_indent(self.text[start:end], self._indent(name))

    def replaced(self, name: str, text: str) -> str:
        """Return the text of the whole file with another one for that example, in its indent and its line breaks."""
        start, end = self.spans[name]
        new = _with_indent(text.strip(), self._indent(name), "\r\n" if "\r\n" in self.text else "\n")
        return f"{self.text[:start]}{new}{self.text[end:]}"

    def _indent(self, name: str) -> str:
        start, end = self.spans[name]
        value = self.text[start:end]
        last = value.rpartition("\n")[2]
        indent = last[: len(last) - len(last.lstrip(" \t"))] if "\n" in value else ""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        # a value whose lines don't share an indent is shown as it stands
        return indent if _with_indent(_without_indent(value, indent), indent, newline) == value else ""


def open_examples(path: Path) -> ExampleFile:
    """Return the file of examples; raises `ConfigError` when it is not a JSON object of objects."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
        examples = json.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no valid JSON: {error}") from error
    if not isinstance(examples, dict) or not all(isinstance(example, dict) for example in examples.values()):
        raise ConfigError(f"{path}: must be an object from example names to contexts, which are objects")
    return ExampleFile(path, hashlib.sha256(data).hexdigest(), text, _spans(text))


def read_context(text: str) -> dict[str, Any]:
    """Return the context that a text is; raises `ExampleError`, with the place, when it is none."""
    try:
        context = json.loads(text, parse_constant=_refuse)
        json.dumps(context, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ExampleError(error.msg.lower(), error.lineno, error.colno) from None
    except UnicodeEncodeError:
        raise ExampleError("half of a surrogate pair is no character") from None
    except RecursionError:
        raise ExampleError("it is nested too deeply") from None
    except ValueError as error:
        raise ExampleError(str(error)) from None
    if not isinstance(context, dict):
        raise ExampleError("an example is an object, from the names of variables to their values", 1, 1)
    return context


def write_example(path: Path, digest: str, name: str, text: str) -> ExampleFile:
    """Replace one example in its file, and return the file as it is now.

    Raises `ExampleError` for a text that is no context, and `ConflictError` when the file does not have that digest any
    more; it is then left as it is.
    """
    read_context(text)
    with _writing:
        try:
            current = open_examples(path)
        except ConfigError as error:
            raise ConflictError(f"{error}; nothing was written") from error
        if current.digest != digest or name not in current.spans:
            raise ConflictError(f"`{path.name}` has changed since it was read: load it again; nothing was written")
        replace_file(resolved(path), current.replaced(name, text).encode())
        return open_examples(path)


def _spans(text: str) -> dict[str, tuple[int, int]]:
    """Return where the members of the object stand in a text that is known to be one."""
    decoder, spans = json.JSONDecoder(), {}
    at = _skipped(text, _skipped(text, 0) + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        start = _skipped(text, _skipped(text, at) + 1)  # behind the colon
        _, end = decoder.raw_decode(text, start)
        spans[name] = (start, end)  # the last of a name counts, as it does for whoever loads the file
        at = _skipped(text, end)
        if text[at] == ",":
            at = _skipped(text, at + 1)
    return spans


def _skipped(text: str, at: int) -> int:
    match = _WHITE.match(text, at)
    return match.end() if match else at


def _without_indent(value: str, indent: str) -> str:
    lines = value.replace("\r\n", "\n").split("\n")
    return "\n".join([lines[0], *(line.removeprefix(indent) for line in lines[1:])])


def _with_indent(text: str, indent: str, newline: str) -> str:
    first, *others = text.replace("\r\n", "\n").split("\n")
    return newline.join([first, *(f"{indent}{line}" if line else "" for line in others)])


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")
