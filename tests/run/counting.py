"""A value that notes what it is asked, and templates made at random that ask it: for the order of what Jinja2 asks."""

import random
from collections.abc import Iterator
from typing import Any

Asked = list[tuple[str, ...]]


class Counting:
    """A value that notes each method that is called, in order; what it gives is another that does so."""

    def __init__(self, name: str, true: bool, asked: Asked) -> None:
        vars(self).update(name_=name, true_=true, asked_=asked)

    def made(self, method: str, *others: object) -> "Counting":
        """Note that a method is called, and return what it gives."""
        self.note(method, *others)
        return Counting(f"{method}({self.name_})", self.true_, self.asked_)

    def note(self, method: str, *others: object) -> None:
        shown = (other.name_ if isinstance(other, Counting) else repr(other) for other in others)
        self.asked_.append((self.name_, method, *shown))

    def __bool__(self) -> bool:
        self.note("bool")
        return bool(self.true_)

    def __len__(self) -> int:
        self.note("len")
        return 2

    def __hash__(self) -> int:
        self.note("hash")
        return 1

    def __str__(self) -> str:
        self.note("str")
        return f"<{self.name_}>"

    def __repr__(self) -> str:
        self.note("repr")
        return f"<{self.name_}>"

    def __iter__(self) -> Iterator["Counting"]:
        self.note("iter")
        return iter((Counting(f"{self.name_}0", self.true_, self.asked_), Counting("1", False, self.asked_)))

    def __contains__(self, other: object) -> bool:
        self.note("contains", other)
        return bool(self.true_)

    def __getattr__(self, name: str) -> Any:
        self.note("getattr", name)
        if name.startswith(("_", "jinja", "b")):
            raise AttributeError(name)
        return Counting(f"{self.name_}.{name}", self.true_, self.asked_)

    def __eq__(self, other: object) -> Any:
        return self.made("eq", other)

    def __ne__(self, other: object) -> Any:
        return self.made("ne", other)

    def __lt__(self, other: object) -> Any:
        return self.made("lt", other)

    def __ge__(self, other: object) -> Any:
        return self.made("ge", other)

    def __getitem__(self, key: object) -> Any:
        return self.made("getitem", key)

    def __call__(self, *given: object) -> Any:
        return self.made("call", *given)

    def __add__(self, other: object) -> Any:
        return self.made("add", other)

    def __pow__(self, other: object) -> Any:
        return self.made("pow", other)

    def __mod__(self, other: object) -> Any:
        return self.made("mod", other)

    def __neg__(self) -> Any:
        return self.made("neg")


class Html(Counting):
    """One that is markup, which notes that too."""

    def __html__(self) -> str:
        self.note("html")
        return "<b>"


FILTERS = (
    *("default('d')", "default('d', true)", "d(c, boolean=a)", "first", "list", "join", "map(attribute='k')|list"),
    *("select|list", "select('eq', a)|list", "selectattr('k')|list", "rejectattr('k', 'eq', a)|list", "unique|list"),
    *("sum", "string", "upper", "length", "attr('k')", "batch(2)|list", "sort(attribute='k')", "groupby('k')"),
)
TESTS = ("defined", "none", "odd", "divisibleby(2)", "eq(b)", "in(b)", "gt(b)", "true", "mapping", "iterable", "string")
PLACES = (
    "{{ E }}",
    "{% if E %}y{% else %}n{% endif %}",
    "{% for x in [a, b] %}{{ E }}{% endfor %}",
    "{% for a in [a, b] %}{% if E %}y{% elif b %}z{% endif %}{% endfor %}",
    "{% for x in [a, b] if E %}{{ loop.index }}{% endfor %}",
    "{% for a in [a, b] if E %}{{ loop.last }}{% endfor %}",
    "{% set v = E %}{{ v }}",
    "{{ 'y' if E else 'n' }}",
    "{% macro m(a) %}{{ E }}{% endmacro %}{{ m(b) }}",
)


def template(choices: random.Random) -> str:
    """Return the text of a template with a condition or value of several operators in it."""
    return choices.choice(PLACES).replace("E", expression(choices, 3))


def expression(choices: random.Random, depth: int) -> str:
    """Return an expression; what may fail for another reason than its values is not in it."""
    if depth == 0 or choices.random() < 0.1:
        return choices.choice(("a", "b", "c", "h", "a", "b", "nothing", "1", "''", "none"))
    first, second, third = (f"({expression(choices, depth - 1)})" for _ in range(3))
    comparison = choices.choice(("==", "!=", "<", ">=", "in", "not in"))
    makers = (
        *(f"{first} and {second}", f"{first} or {second}") * 3,
        *(f"not {first}", f"{first} {comparison} {second}", f"{first} if {second} else {third}") * 2,
        f"{first} {comparison} {second} {choices.choice(('<', 'in', '=='))} {third}",
        f"{first}.{choices.choice('kb')}",
        f"{first}[{choices.choice(('0', 'a'))}]",
        f"{first}({second})",
        f"{first}|{choices.choice(FILTERS)}",
        f"{first} is {choices.choice(TESTS)}",
        f"{first} {choices.choice(('+', '**', '%', '~'))} {second}",
    )
    return choices.choice(makers)
