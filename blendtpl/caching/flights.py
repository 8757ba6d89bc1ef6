"""Flights: of those in a process that need the same text, one makes it, and the others wait for it."""

import asyncio
import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field


@dataclass(slots=True)
class Flight:
    """A text that is being made; `leads`: by whoever has this. It is `None` until then, and for good if that failed."""

    name: str
    leads: bool
    ends: "Future[str | None]" = field(repr=False)
    text: str | None = None

    def wait(self) -> str | None:
        """Return the text once it is made, `None` when whoever makes it has failed."""
        return self.ends.result()

    def can_be_awaited(self) -> bool:
        """Return whether there is a loop of asyncio here, which `awaited` needs."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    async def awaited(self) -> str | None:
        """Return what `wait` does."""
        return await asyncio.wrap_future(self.ends)


class Flights:
    """The texts that are being made in this process, by name."""

    def __init__(self) -> None:
        self._renew()

    def __reduce__(self) -> tuple[type["Flights"], tuple[()]]:
        return Flights, ()

    def _renew(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._ends: dict[str, Future[str | None]] = {}

    def join(self, name: str) -> Flight:
        """Return the flight of that name, which whoever is the first leads, and has to `land`."""
        if self._process != os.getpid():
            self._renew()  # of those who were here before a fork nobody is
        with self._lock:
            if (ends := self._ends.get(name)) is not None:
                return Flight(name, leads=False, ends=ends)
            ends = self._ends[name] = Future()
            ends.set_running_or_notify_cancel()  # so that nobody who stops waiting cancels it for the others
            return Flight(name, leads=True, ends=ends)

    def land(self, flight: Flight) -> None:
        """End a flight for all who wait for it."""
        if flight.leads:
            with self._lock:
                self._ends.pop(flight.name, None)
            flight.ends.set_result(flight.text)
