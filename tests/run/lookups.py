"""Values that write down what is asked of them, and how Jinja2 asks: lookups of attributes and items, as a table.

Jinja2 is the oracle, of the text or error and of the calls of ``__getattribute__``, ``__getattr__``, ``__getitem__``,
``__missing__``, ``__eq__`` and ``__hash__`` in their order.
"""

import enum
import sys
from collections import ChainMap, OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import jinja2
from jinja2 import sandbox
from markupsafe import Markup

Log = list[str]
LOG: Log = []  # of the render at hand

# what a value may raise when it is asked: what Jinja2 takes for an answer, and what it does not
ERRORS: dict[str, type[Exception]] = {
    "absent": AttributeError,
    "key": KeyError,
    "index": IndexError,
    "type": TypeError,
    "value": ValueError,
}


class Key:
    """A key with the hash of a name, which says what it is asked, and is it, or is not, or fails."""

    def __init__(self, name: str, answer: Any) -> None:
        self.name, self.answer = name, answer

    def __hash__(self) -> int:
        LOG.append(f"hash {self.name}")
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        LOG.append(f"eq {self.name} {other}")
        if isinstance(self.answer, type):
            raise self.answer(f"{self.name} is compared")
        return bool(self.answer)

    def __repr__(self) -> str:
        return f"<key {self.name}>"


class TextKey(str):
    """A string that is compared in a way of its own, and may be what is asked for."""

    __slots__ = ()

    def __hash__(self) -> int:
        LOG.append(f"hash text {str.__str__(self)}")
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        LOG.append(f"eq text {str.__str__(self)}")
        return str.__eq__(self, str(other))


class Recorder:
    """What has some attributes and items, and fails by some, each in its way."""

    both = "attribute"

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("__"):
            LOG.append(f"getattribute {name}")
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        LOG.append(f"getattr {name}")
        if name in ERRORS:
            raise ERRORS[name](f"attribute {name}")
        raise AttributeError(name)

    def __getitem__(self, key: Any) -> Any:
        LOG.append(f"getitem {key!r}")
        if isinstance(key, str) and key.startswith("item_"):
            raise ERRORS[key.removeprefix("item_")](f"item {key}")
        if key in ("both", "item", 0, 1.5):
            return f"<{key}>"
        raise KeyError(key)


class Falling(Recorder):
    """What fails by its items for whatever is no attribute."""

    def __getitem__(self, key: Any) -> Any:
        LOG.append(f"getitem {key!r}")
        raise IndexError(key) if key == "item" else TypeError(key)


class Property:
    """What fails in its properties."""

    item = "<attribute>"

    @property
    def absent(self) -> str:
        LOG.append("absent")
        raise AttributeError("inside")

    @property
    def key(self) -> str:
        LOG.append("key")
        raise KeyError("inside")

    @property
    def type(self) -> str:
        LOG.append("type")
        raise TypeError("inside")

    @property
    def index(self) -> str:
        LOG.append("index")
        raise IndexError("inside")

    @property
    def value(self) -> str:
        LOG.append("value")
        raise ValueError("inside")


class Missing(dict[Any, Any]):
    def __missing__(self, key: Any) -> str:
        LOG.append(f"missing {key!r}")
        if key in ERRORS:
            raise ERRORS[key](key)
        return f"<missing {key}>"


class Own(dict[Any, Any]):
    def __getitem__(self, key: Any) -> Any:
        LOG.append(f"getitem {key!r}")
        return super().__getitem__(key)


class Abstract(Mapping[Any, Any]):
    def __getitem__(self, key: Any) -> Any:
        LOG.append(f"getitem {key!r}")
        return {"item": "<item>", 0: "zero"}[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(("item", 0))

    def __len__(self) -> int:
        return 2


class Color(enum.Enum):
    item = 1


class Old:
    """Only items, by numbers."""

    def __getitem__(self, at: int) -> str:
        LOG.append(f"getitem {at!r}")
        return "ab"[at]


Named = namedtuple("Named", "item both")


def _colliding(answer: Any) -> Callable[[], Any]:
    def make() -> Any:
        return {Key(name, answer): f"<of {name}>" for name in ("item", "both", "absent")} | {"items": 1}

    return make


VALUES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"item": "<item>", "both": 1, 0: "zero", 1.5: "real", "items": "own", "0": "text"},
    "dict of keys that are others": _colliding(False),
    "dict of keys that are it": _colliding(True),
    **{f"dict of keys that raise {kind.__name__}": _colliding(kind) for kind in ERRORS.values()},
    "dict of texts": lambda: {TextKey("item"): "<text>", TextKey("0"): 1},
    "missing": lambda: Missing(both=1),
    "missing of keys": lambda: Missing({Key("item", False): 1, Key("both", KeyError): 2}),
    "own": lambda: Own(item="<item>"),
    "defaultdict": lambda: defaultdict(lambda: LOG.append("made") or "<made>"),  # type: ignore[func-returns-value]
    "defaultdict of none": lambda: defaultdict(None, {Key("item", False): 1}),
    "ordered": lambda: OrderedDict({"item": "<item>", Key("both", False): 2}),
    "chain": lambda: ChainMap({"item": 1}, {"both": 2}),
    "proxy": lambda: MappingProxyType({"item": "<item>", Key("both", TypeError): 2}),
    "user's": lambda: UserDict(item="<item>"),
    "abstract": Abstract,
    "recorder": Recorder,
    "falling": Falling,
    "property": Property,
    "old": Old,
    "object": lambda: SimpleNamespace(item="<item>", both=[1]),
    "named": lambda: Named("<item>", 2),
    "tuple": lambda: ("<a>", 2),
    "list": lambda: ["<a>", {"item": 2}],
    "text": lambda: "te<t",
    "markup": lambda: Markup("<i>"),
    "bytes": lambda: b"ab",
    "number": lambda: 5,
    "none": lambda: None,
    "class": lambda: Recorder,
    "generic class": lambda: list,
    "enum": lambda: Color,
    "module": lambda: sys.modules["blendtpl.errors"],
    "function": lambda: _colliding,
    "undefined": lambda: jinja2.Undefined(name="u"),
    "strict": lambda: jinja2.StrictUndefined(name="u"),
    "chainable": lambda: jinja2.ChainableUndefined(name="u"),
    "debug": lambda: jinja2.DebugUndefined(name="u"),
}

NAMES = ("item", "both", "items", "get", "missing_one", *ERRORS, *(f"item_{name}" for name in ERRORS), "real", "upper")
KEYS = ("'item'", "'both'", "'items'", "'nothing'", "0", "-1", "7", "1.5", "none", "true", "k", "m", "s", "(1, 2)")
SUBSCRIPTS = (*(f"[{key}]" for key in KEYS), *(f"['{name}']" for name in ERRORS), "[1:]", "['item_type']")
# where something is looked up: what runs once, and often; as a row, and as none
FORMS = {
    "once": "{{ xLOOK }}",
    "row": "{% for i in ones %}{{ xLOOK }}{% endfor %}",
    "row of itself": "{% for x in xs %}{{ xLOOK }}{{ x is defined }}{% endfor %}",
    "row, asked": "{% for x in xs %}{% if xLOOK %}t{% endif %}{% if xLOOK == 'a' %}e{% endif %}{% endfor %}",
    "row, joined": "{% for x in xs %}{{ xLOOK ~ '-' }}{% endfor %}",
    "row, nested": "{% for x in xs %}{% for y in xLOOK %}{{ y }}{% endfor %}{% endfor %}",
    "hot": "{% for x in xs %}{{ xLOOK|string }}{% set z = xLOOK %}{{ z }}{% endfor %}",
    "hot, two": "{% for x in xs %}{% set z = xLOOK ~ x.item %}{{ z }}{{ xLOOK }}{% endfor %}",
    "deep": "{% for x in xs %}{{ xLOOK.itemLOOK }}{% endfor %}",
    "macro": "{% macro m(x) %}{{ xLOOK }}{% endmacro %}{{ m(x) }}{% for x in xs %}{{ m(x) }}{% endfor %}",
    "defined": "{{ xLOOK is defined }}{{ goneLOOK is defined }}",
    "absent": "{{ goneLOOK }}",
    "mapped": "{{ xs|map(attribute='NAME')|list }}",
    "chosen": "{{ xs|selectattr('NAME')|list|length }}{{ xs|rejectattr('NAME', 'none')|list|length }}",
    "sorted": "{{ xs|sort(attribute='NAME')|length }}{{ xs|unique(attribute='NAME')|list|length }}",
    "summed": "{{ xs|map(attribute='NAME')|map('string')|join }}{{ xs|sum(attribute='NAME') }}",
    "joined": "{{ xs|join(',', attribute='NAME') }}{{ xs|groupby('NAME')|length }}",
}
FILTERED = frozenset({"mapped", "chosen", "sorted", "summed", "joined"})
ENVIRONMENTS: dict[str, Callable[[], jinja2.Environment]] = {
    "lenient": lambda: jinja2.Environment(autoescape=True, extensions=["jinja2.ext.do"]),
    "strict": lambda: jinja2.Environment(undefined=jinja2.StrictUndefined),
    "chainable": lambda: jinja2.Environment(autoescape=True, undefined=jinja2.ChainableUndefined),
    "sandboxed": lambda: sandbox.SandboxedEnvironment(autoescape=True),
}


def templates() -> dict[str, str]:
    """Return the templates of the table by their names."""
    looks = [f".{name}" for name in NAMES] + list(SUBSCRIPTS)
    made = {}
    for form, text in FORMS.items():
        for number, look in enumerate(looks[: len(NAMES)] if form in FILTERED else looks):
            made[f"{form} {number}"] = text.replace("LOOK", look).replace("NAME", look.removeprefix("."))
    return made


def given(value: str) -> dict[str, Any]:
    """Return new variables, one of which is a value."""
    made = VALUES[value]()
    keys = {"k": Key("item", True), "m": Markup("item"), "s": TextKey("both")}
    return {"x": made, "xs": [made, made], "ones": [1, 2], **keys}
