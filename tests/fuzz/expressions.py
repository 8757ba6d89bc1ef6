"""Expressions: what a fuzzed template may compute.

Every choice is drawn from Hypothesis, the plainest option first, so that a failing case shrinks to what matters.
"""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

VARIABLES = ("a", "b", "c", "x", "xs", "o", "d", "f", "tick")
ATTRIBUTES = ("a", "b", "name", "title", "items", "count", "upper", "x")
BLOCKS = ("one", "two", "three")
MACROS = ("m", "n", "_p")
CONSTANTS = ("1", "'<'", "0", "2", "-1", "none", "true", "false", "'a'", "''", "'b & c'", "1.5", "[]", "{}", "'%s'")
LOOP = (
    "index",
    "index0",
    "first",
    "last",
    "length",
    "revindex",
    "revindex0",
    "previtem",
    "nextitem",
    "depth",
    "depth0",
)
# no digit of an address is replaced, as addresses differ
SAFE_FILTERS = (
    "upper", "e", "safe", "string", "default('<d>')", "d('x', true)", "title", "trim", "forceescape",
    "replace('n', '<')", "of_context", "of_eval", "of_environment", "pprint", "lower", "capitalize", "center(6)",
    "truncate(3, true, '')", "replace('<', '&')", "striptags", "indent(2)", "wordcount", "escape | upper", "urlize",
    "default(a, boolean=b)",
)  # fmt: skip
FILTERS = (
    "upper", "e", "safe", "string", "length", "list", "join(', ')", "default('<d>')", "d('x', true)", "first", "last",
    "abs", "int", "float", "sort", "reverse", "title", "trim", "forceescape", "replace('n', '<')",
    "truncate(3, true, '')", "map('upper')", "map(attribute='a')", "map(attribute='a', default=1)", "select",
    "reject('none')", "unique", "sum", "selectattr('a')", "rejectattr('b', 'equalto', 1)", "groupby('a')", "dictsort",
    "attr('a')", "batch(2, '-')", "slice(2)", "tojson", "urlencode", "wordcount", "indent(2)", "center(6)",
    "format(1)", "capitalize", "items", "max", "xmlattr", "striptags", "pprint", "round", "filesizeformat",
    "join('<', attribute='a')", "lower", "of_context", "of_eval", "of_environment", "map('of_context')",
    "map('of_eval')", "select('escaping')", "escape | upper", "count", "urlize", "wordwrap(4)", "replace('<', '&')",
    "min", "sum(start=1)", "sort(attribute='a')", "default(a, boolean=b)",
    "sort(reverse=true)", "sort(case_sensitive=true)", "sort(attribute='a', reverse=b)", "sort(attribute='a,b')",
    "groupby('a', case_sensitive=true)", "groupby('b', default=1)", "unique(attribute='a')", "unique(true)",
    "dictsort(true)", "dictsort(by='value')", "dictsort(reverse=a)", "select('odd')", "selectattr('a', 'none')",
    "selectattr('b', 'in', [1, 2])", "reject", "reject('equalto', 1)", "rejectattr('a.b')", "map(attribute='a.b')",
    "format(a, b)", "selectattr('a', 'defined') | map(attribute='a') | join('-')",
)  # fmt: skip
SAFE_TESTS = (
    "defined", "undefined", "none", "string", "number", "mapping", "sequence", "iterable", "callable", "sameas none",
    "escaped", "true", "boolean", "escaping", "known", "integer", "float",
)  # fmt: skip
TESTS = (
    "defined", "undefined", "none", "string", "number", "mapping", "sequence", "iterable", "callable", "sameas none",
    "odd", "even", "divisibleby 2", "equalto 1", "eq 'a'", "in [1, 2]", "lower", "escaped", "true", "boolean", "gt 1",
    "filter", "test", "escaping", "known", "integer", "float", "ne b", "upper",
)  # fmt: skip

# filters and tests that are written out for some arguments, and arguments of every shape, that may be wrong
ODD_FILTERS = (
    "upper", "default", "d", "map", "select", "reject", "selectattr", "rejectattr", "round", "first", "int", "list",
    "replace", "trim", "title", "sum", "sort", "join", "batch", "indent", "unique", "groupby", "string", "center",
)  # fmt: skip
ODD_TESTS = ("even", "odd", "divisibleby", "defined", "undefined", "none", "iterable", "string", "mapping", "eq", "in")
ODD_ARGUMENTS = (
    "", "(none)", "(3)", "(true)", "('a')", "('a', none)", "('a', 'b')", "(1, 2, 3)", "(nokw=1)", "('upper')",
    "(a=a, b=tick())", "(attribute='a')", "(attribute=none)", "('x', default_value=1)", "(*xs)", "(**d)", "('eq', a)",
    "(tick())", "(nothing)", "('a', 'none')", "(class=tick(), a=1)", "(a=tick(), *xs)", "(**{'attribute': 'a'})",
)  # fmt: skip


class Expressions:
    """What an expression of a template may be. It may refer to `names`; a calm one seldom fails."""

    def __init__(self, draw: st.DrawFn, name: str, names: Sequence[str], *, calm: bool) -> None:
        self.draw, self.name, self.names, self.calm = draw, name, names, calm
        self.blocks: list[str] = []
        self.in_block = self.in_macro = self.in_loop = self.in_recursive = False
        self.nested = 0
        self.defined: dict[str, None] = {}

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def often(self, sides: int = 2) -> bool:
        """Return True all but one in so many times, and False when shrunk."""
        return self.draw(st.integers(0, sides)) > 0

    def seldom(self, sides: int = 6) -> bool:
        """Return True one in so many times, and False when shrunk."""
        return self.draw(st.integers(0, sides)) == sides

    def choose(self, *makers: Callable[[int], str], depth: int) -> str:
        return makers[self.draw(st.integers(0, len(makers) - 1))](depth)

    # expressions

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.atom()
        if self.calm:
            return self.choose(
                lambda depth: self.atom(), self.attribute, self.filtered, self.tested, self.call, self.concat,
                self.special, self.logic, self.condition, self.special, self.collection, self.filtered, self.call,
                self.attribute, self.equal, depth=depth - 1,
            )  # fmt: skip
        return self.choose(
            lambda depth: self.atom(), self.attribute, self.filtered, self.tested, self.item, self.call, self.concat,
            self.logic, self.condition, self.special, self.collection, self.condition, self.call, self.special,
            self.attribute, self.filtered, self.risky, depth=depth - 1,
        )  # fmt: skip

    def equal(self, depth: int) -> str:
        return f"{self.operand(depth)} {self.pick('==', '!=')} {self.operand(depth)}"

    def risky(self, depth: int) -> str:
        return self.choose(self.binary, self.compare, self.unary, self.compare, depth=depth)

    def atom(self) -> str:
        return self.pick(*VARIABLES) if self.often(2) else self.pick(*CONSTANTS)

    def filter(self) -> str:
        if self.seldom(40 if self.calm else 6):
            return self.pick(*ODD_FILTERS) + self.pick(*ODD_ARGUMENTS)
        return self.pick(*FILTERS) if self.seldom(30 if self.calm else 3) else self.pick(*SAFE_FILTERS)

    def attribute(self, depth: int) -> str:
        return f"{self.operand(depth)}.{self.pick(*ATTRIBUTES)}"

    def operand(self, depth: int) -> str:
        made = self.expression(depth)
        return made if made.isidentifier() else f"({made})"

    def item(self, depth: int) -> str:
        keys = ("0", "'a'", "'b'", "-1", "1:", ":-1", "::2", "'name'", "x", "a:b", "tick()", "::-1", "'items'", "0, 1")
        return f"{self.operand(depth)}[{self.pick(*keys)}]"

    def filtered(self, depth: int) -> str:
        return f"{self.operand(depth)} | {self.filter()}"

    def tested(self, depth: int) -> str:
        if self.seldom(40 if self.calm else 6):
            return f"{self.operand(depth)} is {self.pick(*ODD_TESTS)}{self.pick(*ODD_ARGUMENTS)}"
        return f"{self.operand(depth)} is {self.pick('', 'not ')}{self.pick(*(SAFE_TESTS if self.calm else TESTS))}"

    def arguments(self, depth: int) -> str:
        if self.calm:
            return self.pick("", self.expression(depth), f"a={self.expression(depth)}")
        given = [self.expression(depth) for _ in range(self.draw(st.integers(0, 4)) // 2)]
        given += [f"{key}={self.expression(depth)}" for key in ("a", "b", "z") if self.seldom(14)]
        if self.seldom(12):
            given.append("*xs")
        if self.seldom(12):
            given.append("**d")
        return ", ".join(given)

    def call(self, depth: int) -> str:
        if self.calm:
            called = self.pick("tick", "echo", "find", *self.known() * 3)
            return f"{called}({self.arguments(depth) if called[-1] in 'omn' else ''})"
        called = self.pick("tick", "f", "o.title", "o", "range", "echo", "_", "o.a", "tick", "f", *self.known() * 2)
        if called == "range":
            return f"range({self.pick('3', '0', '1, 3')})"
        if called == "_":
            return self.pick("_('hello')", "_('<b>')", "_('%(a)s', a=a)")
        return f"{called}({self.arguments(depth)})"

    def known(self) -> list[str]:
        """Return the macros and modules' macros that were defined before, or now and then others."""
        if self.seldom(200 if self.calm else 15):
            return ["m", "n", "lib.m", "lib.n", "caller", "self.one"]
        own = [name for name in self.defined if name != "lib"]
        own += ["lib.m", "lib.n", *([] if self.calm else ["lib._p"])] if "lib" in self.defined else []
        return own + [f"self.{name}" for name in self.blocks if not self.in_block]

    def binary(self, depth: int) -> str:
        if self.seldom(5):
            return f"{self.operand(depth)} ** {self.pick('2', '0', '-1')}"
        if self.seldom(5):
            return f"{self.operand(depth)} * {self.pick('2', '0', '1')}"
        return f"{self.operand(depth)} {self.pick('+', '-', '/', '//', '%')} {self.operand(depth)}"

    def compare(self, depth: int) -> str:
        made = self.operand(depth)
        for _ in range(1 + self.draw(st.integers(0, 2)) // 2):
            made += f" {self.pick('==', '!=', '<', '<=', '>', '>=', 'in', 'not in')} {self.operand(depth)}"
        return made

    def logic(self, depth: int) -> str:
        return f"{self.operand(depth)} {self.pick('and', 'or')} {self.operand(depth)}"

    def condition(self, depth: int) -> str:
        made = f"{self.operand(depth)} if {self.operand(depth)}"
        return f"{made} else {self.operand(depth)}" if self.often() else made

    def concat(self, depth: int) -> str:
        return f"{self.operand(depth)} ~ {self.operand(depth)}"

    def unary(self, depth: int) -> str:
        return f"{self.pick('not ', '-', '+')}{self.operand(depth)}"

    def collection(self, depth: int) -> str:
        first, second = self.expression(depth), self.expression(depth)
        return self.pick(
            f"[{first}, {second}]", f"({first}, {second})", f"{{'a': {first}, 'b': {second}}}", f"({first},)",
            f"dict(a={first}, b={second})", f"namespace(a={first})", f"cycler({first}, {second})",
        )  # fmt: skip

    def special(self, depth: int) -> str:
        """Return what only some places have; elsewhere it is undefined, which is worth a try as well."""
        options = ["shared", "self", "e", "nothing | d(a)", *self.known()]
        if self.seldom(100 if self.calm else 8):
            options = ["nothing", "loop", "caller", "varargs", "super", "lib", "m", "ns.a"]
        if "ns" in self.defined:
            options += ["ns.a"] * 3
        if self.in_loop:
            options += [f"loop.{attr}" for attr in LOOP] * 2 + [
                "loop.cycle(a, b)",
                "loop.cycle(1, '<', x)",
                "loop.changed(x)",
            ]
        if self.in_recursive:
            options += ["loop(x.b)", "loop(x.b)"] if self.calm else ["loop(x.b)", "loop(x)"]
        if self.in_macro:
            options += [
                "caller(a) if caller" if self.calm else "caller()",
                "caller(1) if caller is defined",
                "varargs",
                "kwargs",
                "kwargs | dictsort",
            ]
        if self.in_block:
            options += ["super()", "super()", "super.super()", "super() | upper", f"self.{self.pick(*BLOCKS)}()"]
        return self.pick(*options[::-1])
