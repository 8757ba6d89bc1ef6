"""Name table: a list of names in shared memory, which grows at its end.

Enters: a piece of memory, and a number beside it that says how much of it is in use. Leaves: names in the order in
which they came, each with its number. What is in use is told last, so that whoever reads, or goes on after a writer
that was killed, never sees half a name. One process writes at a time.
"""

from collections.abc import Iterable

_LENGTH = 4  # bytes that say how long the name behind them is


class NameTable:
    """Names of one kind, at most `most` of them. What finds no room any more has no number of its own, but 0's."""

    __slots__ = ("_known", "_memory", "_numbers", "_parsed", "_used", "most")

    def __init__(self, memory: memoryview, used: "memoryview[float]", most: int) -> None:
        self._memory, self._used, self.most = memory, used, most
        self._known: list[str] = []
        self._numbers: dict[str, int] = {}
        self._parsed = 0

    def names(self) -> list[str]:
        """Return all names, by number."""
        end = int(self._used[0])
        at = self._parsed
        while at < end:
            length = int.from_bytes(self._memory[at : at + _LENGTH], "little")
            at += _LENGTH + length
            name = bytes(self._memory[at - length : at]).decode("utf-8", "surrogatepass")
            self._numbers[name] = len(self._known)
            self._known.append(name)
        self._parsed = at
        return self._known

    def number(self, name: str) -> int:
        """Return the number of a name, 0 where it has none."""
        self.names()
        return self._numbers.get(name, 0)

    def add(self, names: Iterable[str]) -> None:
        """Add those names that are not there yet, as long as there is room."""
        self.names()
        for name in names:
            data = name.encode("utf-8", "surrogatepass")
            at, end = self._parsed, self._parsed + _LENGTH + len(data)
            if name in self._numbers or len(self._known) == self.most or end > len(self._memory):
                continue
            self._memory[at:end] = len(data).to_bytes(_LENGTH, "little") + data
            self._used[0] = float(end)
            self.names()
