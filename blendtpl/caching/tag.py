"""The tag `cache`: a part of a template that is rendered once, and taken from a cache until it is too old.

Enters: a key, seconds, and the part. Leaves: its text. The cache is what ``environment.fragment_cache`` is, which may
be anything with ``get(key)`` and ``set(key, text, seconds)``; without one, each render renders the part. A cache that
fails is one that has nothing, so that a page is there all the same.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from inspect import isawaitable
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.utils import pass_eval_context
from markupsafe import Markup

from blendtpl.caching.flights import Flights
from blendtpl.runtime.languages import language_in

_EVERY = 60.0  # seconds from one log record about a cache that fails to the next

_logger = logging.getLogger("blendtpl.caching")

# Whether a part is being rendered for a cache. One in it waits for nobody: who it waits for might wait for it.
_rendering: ContextVar[bool] = ContextVar("rendering", default=False)


class CacheExtension(Extension):
    """``{% cache key, seconds %}…{% endcache %}``: what is in it is rendered once for a key, and then from a cache.

    - The key is a text, a number, or a tuple or list of such. Two parts of templates never share an entry, whatever
      their keys: the name of the template, the part's own text and the bundle's digest are in what is asked for, and so
      are the language and whether output is escaped.
    - The seconds may be left out, or `none`: then it is for the cache to say when an entry ends. A number that is not
      above zero keeps nothing.
    - The cache is ``environment.fragment_cache``: a `DiskCache`, a `RedisCache`, or your own. ``get(key)`` returns a
      text or `None`, ``set(key, text, seconds)`` keeps one. Keys are hexadecimal digits. In environments with
      `enable_async` both may return what is to be awaited.
    - Of the threads and tasks of a process that miss the same entry, one renders and the others take what it rendered.
    - ``environment.fragment_vary`` may be a function without arguments that returns what else entries differ by, such
      as the language that a framework keeps by itself.
    """

    tags = {"cache"}  # noqa: RUF012  # as Jinja2 has it

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self._flights = Flights()
        self._told = -math.inf
        for name in ("fragment_cache", "fragment_vary"):
            if not hasattr(environment, name):
                setattr(environment, name, None)

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the node of the tag."""
        line = next(parser.stream).lineno
        key = parser.parse_expression()
        seconds = parser.parse_expression() if parser.stream.skip_if("comma") else nodes.Const(None, lineno=line)
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        part = hashlib.sha256(f"{parser.name}\0{body!r}".encode("utf-8", "surrogatepass")).hexdigest()
        call = self.call_method("cached", [nodes.Const(part, lineno=line), key, seconds], lineno=line)
        return nodes.CallBlock(call, [], [], body, lineno=line)

    @pass_eval_context
    def cached(self, eval_ctx: EvalContext, part: str, key: Any, seconds: Any, caller: Callable[[], Any]) -> Any:
        """Return the text of a part: that of an entry, or what `caller` renders. Templates call this."""
        environment: Any = self.environment
        identity = [part, getattr(environment, "bundle_digest", None), bool(eval_ctx.autoescape), _plain(key)]
        if not (seconds is None or _is_number(seconds)):
            raise TypeError(f"the seconds of `cache` are a number or none, not {_kind(seconds)}")
        cache = environment.fragment_cache
        if cache is None or (seconds is not None and not seconds > 0):
            return caller()
        seconds = None if seconds == math.inf else seconds
        vary = environment.fragment_vary
        identity += [language_in(environment), None if vary is None else _plain(vary())]
        name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        shown = Markup if eval_ctx.autoescape else str
        if environment.is_async:
            return self._cached_async(cache, name, seconds, caller, shown)
        return shown(self._cached(cache, name, seconds, caller))

    def _cached(self, cache: Any, name: str, seconds: Any, caller: Callable[[], str]) -> str:
        if (text := self._got(lambda: cache.get(name))) is not None:
            return text
        while True:
            flight = self._flights.join(name)
            if flight.leads or _rendering.get():
                break
            if (text := flight.wait()) is not None:
                return text
        try:
            # it may have been kept between the look above and here
            text = self._got(lambda: cache.get(name)) if flight.leads else None
            if text is None:
                text = _text(_rendered(caller))
                self._got(lambda: cache.set(name, text, seconds), result=None)
            flight.text = text
            return text
        finally:
            self._flights.land(flight)

    async def _cached_async(
        self, cache: Any, name: str, seconds: Any, caller: Callable[[], Awaitable[str]], shown: type[str]
    ) -> str:
        if (text := await self._got_async(lambda: cache.get(name))) is not None:
            return shown(text)
        while True:
            flight = self._flights.join(name)
            if flight.leads or _rendering.get() or not flight.can_be_awaited():
                break
            if (text := await flight.awaited()) is not None:
                return shown(text)
        try:
            text = await self._got_async(lambda: cache.get(name)) if flight.leads else None
            if text is None:
                token = _rendering.set(True)
                try:
                    text = _text(await caller())
                finally:
                    _rendering.reset(token)
                await self._got_async(lambda: cache.set(name, text, seconds), result=None)
            flight.text = text
            return shown(text)
        finally:
            self._flights.land(flight)

    def _got(self, ask: Callable[[], Any], *, result: type | None = str) -> str | None:
        """Return what a cache has, which is nothing where it fails, or has what is no text."""
        try:
            found = ask()
            return self._checked(found) if result is not None else None
        except Exception as error:  # caches raise errors of many types, and none of them is to end a page
            self._tell(error)
            return None

    async def _got_async(self, ask: Callable[[], Any], *, result: type | None = str) -> str | None:
        try:
            found = ask()
            if isawaitable(found):
                found = await found
            return self._checked(found) if result is not None else None
        except Exception as error:
            self._tell(error)
            return None

    def _checked(self, found: Any) -> str | None:
        if found is not None and not isinstance(found, str):
            raise TypeError(f"a fragment is a text, not {_kind(found)}")
        return None if found is None else _text(found)

    def _tell(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            _logger.warning("the cache of fragments fails, so that they are rendered: %r", error)


def _rendered(caller: Callable[[], str]) -> str:
    token = _rendering.set(True)
    try:
        return caller()
    finally:
        _rendering.reset(token)


def _text(value: str) -> str:
    """Return the text of a string of any class, as it is."""
    return str.__str__(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _plain(key: Any) -> Any:
    """Return a key as what JSON has one spelling for; raises `TypeError` for what is none."""
    if key is None or isinstance(key, (bool, int)) or (isinstance(key, float) and math.isfinite(key)):
        return key
    if isinstance(key, str):
        return _text(key)
    if isinstance(key, (tuple, list)):
        return [_plain(part) for part in key]
    if isinstance(key, jinja2.Undefined):
        str(key)  # which is an error where undefined variables are
        return None
    raise TypeError(f"the key of `cache` is a text, a number, or a tuple of such, not {_kind(key)}")


def _kind(value: Any) -> str:
    return f"of type `{type(value).__name__}`"
