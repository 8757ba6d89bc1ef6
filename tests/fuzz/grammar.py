"""Grammar: Hypothesis strategies for whole sets of templates in the full language.

Every choice is drawn from Hypothesis, the plainest option first, so that a failing case shrinks to what matters.
A template refers to templates further down `ORDER` only, so that nothing goes round in circles.
"""

from dataclasses import replace

from hypothesis import strategies as st

from testkit.passes import PASSES
from tests.fuzz.cases import FINALIZE, UNDEFINED, Case, Options
from tests.fuzz.expressions import BLOCKS, MACROS, VARIABLES, Expressions
from tests.fuzz.hostile import CHANGING, GROWING, RAISING
from tests.fuzz.values import LEAVES, USUAL, WHOLES

ORDER = ("main.html", "mid.html", "base.html", "inc.html", "part.txt", "lib.html", "leaf.html")


# what a loop may ask of its items and of itself
_ASKED = (
    "{{ x }}", "{{ x.a }}", "{{ loop.last }}", "{{ loop.length }}", "{{ ',' if not loop.last }}", "{{ loop.revindex }}",
    "{{ x | string }}", "{% if x %}t{% endif %}", "{% if x == 1 %}e{% endif %}", "{{ loop.index }}", "{{ x ~ a }}",
    "{% for y in x.b %}{{ y }}{{ loop.last }}{% endfor %}", "{{ loop.nextitem }}", "{{ loop.cycle(x, a) }}",
    "{% set z = loop.last %}{{ x }}{{ z }}", "{{ echo(loop.last, x) }}", "{{ x[0] }}", "{{ loop.revindex0 }}",
)  # fmt: skip


class Writer(Expressions):
    """Writes one template."""

    def tag(self, content: str) -> str:
        before, after = (self.pick("-", "+", ""), self.pick("-", "")) if self.seldom(5) else ("", "")
        return f"{{%{before} {content} {after}%}}"

    def body(self, depth: int, most: int = 3) -> str:
        return "".join(self.statement(depth) for _ in range(self.draw(st.integers(0 if depth < 2 else 1, most))))

    def statement(self, depth: int) -> str:
        if depth <= 0 or self.nested > 6:
            return self.choose(self.output, self.text, depth=2)
        self.nested += 1
        made = self.choose(
            self.output, self.text, self.output, self.branch, self.loop, self.assign, self.block, self.include,
            self.macro, self.call_block, self.assign_block, self.with_, self.filter_block, self.import_, self.escape,
            self.output, self.loop, self.block, self.do, self.trans, self.namespaced, self.raw, self.assign, self.loop,
            self.run, self.run, self.handed_on, depth=depth - 1,
        )  # fmt: skip
        self.nested -= 1
        return made

    def text(self, depth: int) -> str:
        return self.pick("t", "<p>", " ", "\n", "  x\n", "ü{# c #}", "{#- c -#}", "&amp;")

    def output(self, depth: int) -> str:
        before, after = (self.pick("-", ""), self.pick("-", "")) if self.seldom(6) else ("", "")
        return f"{{{{{before} {self.expression(self.draw(st.integers(0, 3)))} {after}}}}}"

    def run(self, depth: int) -> str:
        """Return pieces of output directly before what may be a function of its own: nothing has written them yet."""
        pieces = "".join(self.piece() for _ in range(self.draw(st.integers(2, 4))))
        return pieces + self.choose(
            *[self.call_block] * 7, self.macro, self.loop, self.filter_block, self.assign_block, self.include,
            self.block, self.escape, self.with_, self.branch, depth=depth,
        )  # fmt: skip

    def piece(self) -> str:
        """Return a piece of output, of a kind that the compiler knows something of."""
        if self.often(1):
            return self.pick("{{ a }}", "{{ o }}", "{{ b }}", "{{ c }}")
        if self.seldom(20):
            return self.tag("flush")
        plain = ("t", "{{ a }}", "{{ o }}", "{{ b }}", "{{ x.a }}", "{{ o.a }}", "{{ a if b }}", "{{ c | upper }}")
        chosen = (
            "{% if a %}t{% endif %}",
            "{% if b %}{{ c }}{% else %}<{{ x }}{% endif %}",
            "{% trans %}hello{% endtrans %}",
        )
        loop = ("{{ loop.index }}", "{{ loop.cycle('<', 'b') }}", "{{ loop.first }}", "{{ x }}") if self.in_loop else ()
        return self.pick(*plain, *chosen, *(f"{{{{ {name}(a) }}}}" for name in self.known()), *loop)

    def branch(self, depth: int) -> str:
        made = self.tag(f"if {self.operand(2)}") + self.body(depth)
        if self.seldom(3):
            made += self.tag(f"elif {self.operand(1)}") + self.body(depth)
        if self.seldom(2):
            made += self.tag("else") + self.body(depth)
        return made + self.tag("endif")

    def watched(self) -> str:
        """Return a loop that asks its items and itself by turns, which tells when what it goes through changes."""
        made = "".join(self.pick(*_ASKED) for _ in range(self.draw(st.integers(2, 6))))
        return self.tag(self.pick("for x in xs", "for x in xs", "for x in xs if x", "for x in d.values()")) + made

    def loop(self, depth: int) -> str:
        if self.seldom(4):
            return self.watched() + self.tag("endfor")
        target = self.pick("x", "x", "x", "a", "a, b", "x", "o", "xs") if self.often(9) else "x, (a, b)"
        over = self.pick(
            "xs", "[1, 2]", "'ab'", "d", "xs", "x.b", "range(3)", "[(1, 2), (3, 4)]", "nothing", "[a, x, b]"
        )
        if "," in target and self.often(9):
            over = self.pick("d.items()", "[(1, 2), (3, 4)]", "d | items", "d | dictsort", "['<a', 'b>']")
        over = over if self.often(7) else self.operand(1)
        head = f"for {target} in {over}"
        if self.seldom(4):
            head += f" if {self.expression(2)}"
        saved = self.in_loop, self.in_recursive
        recursive = self.seldom(4)
        head += " recursive" if recursive else ""
        if self.calm:
            over = self.pick("xs", "[1, 2]", "'ab'", "xs", "xs", "range(3)", "[a, x, b]", "nothing | d([])")
            over = "[(1, 2), (a, b)]" if "," in target else over
            head = f"for {'a, b' if ',' in target else target} in {over}"
            head += f" if {self.expression(1)}" if not recursive and self.seldom(4) else ""
            head += " recursive" if recursive else ""
        self.in_loop, self.in_recursive = True, recursive or self.in_recursive
        made = self.tag(head) + self.body(depth)
        if self.seldom(4):
            guard = self.tag(f"if {self.operand(1)}")
            made += guard + self.tag(self.pick("break", "continue")) + self.tag("endif") + self.body(depth, 1)
        self.in_loop = saved[0]
        if self.seldom(3):
            made += self.tag("else") + self.body(depth)  # still in the function that a recursive loop is
        self.in_recursive = saved[1]
        return made + self.tag("endfor")

    def assign(self, depth: int) -> str:
        target = self.pick("a", "b", "x", "_q", "a, b", "c", "xs", "loop", "m") if self.often(6) else "e"
        if self.calm and target in {"m", "xs"}:
            target = "c"
        value = f"{self.expression(1)}, {self.expression(1)}" if "," in target else self.expression(2)
        if target == "loop" and self.in_loop:
            target = "x"
        return self.tag(f"set {target} = {value}")

    def namespaced(self, depth: int) -> str:
        known = "ns" in self.defined
        self.defined["ns"] = None
        first = self.tag(f"set ns = namespace(a={self.expression(1)})") if not known and self.often(9) else ""
        return first + self.tag(f"set ns.a = {self.expression(2)}")

    def assign_block(self, depth: int) -> str:
        chosen = f" | {self.filter()}" if self.seldom(3) else ""
        return self.tag(f"set {self.pick('a', 'x', 's')}{chosen}") + self.body(depth) + self.tag("endset")

    def block(self, depth: int) -> str:
        free = [name for name in BLOCKS if name not in self.blocks]
        if not free:
            return self.output(depth)
        name = self.pick(*free)
        self.blocks.append(name)
        if self.seldom(20):
            return self.tag(f"block {name} required") + self.tag("endblock")
        saved, self.in_block = self.in_block, True
        made = self.tag(f"block {name}{self.pick('', '', ' scoped')}") + self.body(depth) + self.tag("endblock")
        self.in_block = saved
        return made

    def reference(self) -> str:
        """Return the expression for the name of another template."""
        known = [f"'{name}'" for name in self.names]
        if not known or self.seldom(200 if self.calm else 12):
            return self.pick("'nope' ~ '.html'", "nothing", "a", "c", "xs", "'nope.html'")
        name = self.pick(*known)
        if self.often(3):
            return name
        return self.pick(
            f"[{name}]", f"['nope.html', {name}]", f"{name} if a else {known[-1]}", f"({name} ~ '')", f"['no', {name}]"
        )

    def include(self, depth: int) -> str:
        if self.calm and not self.names:
            return self.output(depth)
        more = " ignore missing" if self.seldom(4) else ""
        # in a macro or a recursive loop, Jinja2 prints a generator for one without context
        more += self.pick(
            "", "", "", " with context", *([] if self.in_macro or self.in_recursive else [" without context"])
        )
        return self.tag(f"include {self.reference()}{more}")

    def import_(self, depth: int) -> str:
        context = self.pick("", "", " with context", " without context")
        libraries = [name for name in self.names if name.startswith("l")]
        if self.calm and "lib.html" not in libraries:
            return self.loop(depth)
        wanted = f"'{self.pick(*libraries)}'" if libraries and self.often(4) else self.reference()
        if self.seldom(1):
            name = self.pick("lib", "lib", "lib", "m")
            self.defined[name] = None
            return self.tag(f"import {wanted} as {name}{context}")
        imported = self.pick("m", "m, n", "m as n", "a", "n, a as x", "one", "s as c, b")
        self.defined |= dict.fromkeys(name for name in ("m", "n") if name in imported)
        return self.tag(f"from {wanted} import {imported}{context}")

    def parameters(self) -> str:
        if self.calm:
            return self.pick(f"a, b={self.expression(1)}", "a=1", f"a={self.expression(1)}, x=a", "a, y=1, b=x")
        made = list(dict.fromkeys(self.pick("a", "b", "x", "y") for _ in range(3 - self.draw(st.integers(0, 3)))))
        optional = self.draw(st.integers(0, len(made)))
        return ", ".join([*made[:optional], *(f"{name}={self.expression(1)}" for name in made[optional:])])

    def macro(self, depth: int) -> str:
        name = self.pick(*MACROS)
        self.defined[name] = None
        head = self.tag(f"macro {name}({self.parameters()})")
        return head + self.macro_body(depth) + self.tag("endmacro") + self.uses(name)

    def uses(self, name: str) -> str:
        return f"{{{{ {name}({self.arguments(1)}) }}}}" if self.often() else ""

    def macro_body(self, depth: int) -> str:
        saved = self.in_macro, self.in_loop, self.in_recursive
        self.in_macro, self.in_loop, self.in_recursive = True, False, False
        made = self.body(depth)
        self.in_macro, self.in_loop, self.in_recursive = saved
        return made

    def call_block(self, depth: int) -> str:
        given = f"({self.parameters()})" if self.seldom(1) else ""
        own = [name for name in self.known() if not name.startswith("self")]
        if self.calm and (not own or self.seldom(3)):
            return self.tag(f"call{given} echo('t')") + self.macro_body(depth) + self.tag("endcall")
        called = self.pick(*own) if self.calm else self.pick("f", "o.title", *own * 3)
        return self.tag(f"call{given} {called}({self.arguments(1)})") + self.macro_body(depth) + self.tag("endcall")

    def handed_on(self, depth: int) -> str:
        """Return a macro that calls for its caller, one that calls that one with a block, and calls of both."""
        box, card = self.pick("m", "_p"), "n"
        self.defined |= {box: None, card: None}
        if self.often(1):
            body = self.tag(f"call {box}()") + self.around(self.of_call(box)) + self.tag("endcall")
            made = self.tag(f"macro {box}()") + "[{{ caller() }}]" + self.tag("endmacro")
            made += self.tag(f"macro {card}()") + body + self.tag("endmacro")
            return made + self.tag(f"call {card}()") + "x" + self.tag("endcall")
        head = self.pick("a=1", "caller=none", "varargs=1") if self.seldom(3) else ""
        made = self.tag(f"macro {box}({head})")
        made += self.pick("[{{ caller() }}]", "{{ caller() }}{{ caller() }}", "[{{ caller(a) }}]", "")
        made += (self.around(self.of_call(box)) if self.seldom(2) else "") + self.tag("endmacro")
        made += self.tag(f"macro {card}({self.pick('', '', 'a', 'caller=none', 'kwargs=a, varargs=2')})")
        made += self.block_for(box, self.around(self.of_call(box)))
        made += (self.of_call(box) if self.seldom(2) else "") + self.tag("endmacro")
        uses = (f"{{{{ {card}({self.handed()}) }}}}", self.block_for(card, self.of_call(box)), self.of_call(card))
        used = "".join(use for use in uses if self.often(1))
        return made + (self.tag("block three") + used + self.tag("endblock") if self.placed() else used)

    def placed(self) -> bool:
        """Return whether a block begins here."""
        if "three" in self.blocks or self.in_block or self.in_macro or self.often(1):
            return False
        self.blocks.append("three")
        return True

    def block_for(self, called: str, body: str) -> str:
        given = self.pick("(a)", "(b=1)", "(caller=none)", "(caller=a)", "(kwargs=2)") if self.seldom(3) else ""
        return self.tag(f"call{given} {called}({self.handed()})") + body + self.tag("endcall")

    def handed(self) -> str:
        if self.often(1):
            return ""
        return self.pick("a", "1, 2", "z=1", "a=b", "caller=none", "caller=echo", "*xs", "**d", "varargs=x")

    def of_call(self, macro: str) -> str:
        """Return a use of what a macro, or the body of a `call` block, may know of how it was called."""
        plain = ("{{ 'y' if caller else 'n' }}", "{{ caller() }}", "{{ caller }}", "{{ varargs }}", "{{ kwargs }}", "t")
        asked = (
            "{% if caller %}{{ caller() }}{% endif %}",
            "{{ caller is defined }}",
            "{{ kwargs.z }}",
            "{{ varargs[0] }}",
        )
        handed = (
            f"{{{{ {macro}(caller=caller) }}}}",
            f"{{{{ {macro}(*varargs, **kwargs) }}}}",
            "{{ echo(caller) is callable }}",
        )
        return self.pick(
            *plain, *asked, *handed, "{% set caller = a %}{{ caller }}", "{{ self.one() }}", "{{ loop.index }}"
        )

    def around(self, body: str) -> str:
        """Return a body, maybe in what may be a function of its own, or stand in one that it must not see."""
        tag = self.pick(
            "", "", "filter e", "set s", "for x in [1, 2]", "for x in xs if caller", "for x in [1] recursive", "if a",
            "with a = caller", "macro o()", "call echo('t')", "call _p()", "with caller = 1", "for caller in xs",
        )  # fmt: skip
        if not tag:
            return body
        end = self.tag(f"end{tag.partition(' ')[0]}")
        return self.tag(tag) + body + end + {"set s": "{{ s }}", "macro o()": "{{ o() }}"}.get(tag, "")

    def with_(self, depth: int) -> str:
        given = ", ".join(f"{name} = {self.expression(1)}" for name in ("a", "x", "b") if self.often(1))
        return self.tag(f"with {given}") + self.body(depth) + self.tag("endwith")

    def filter_block(self, depth: int) -> str:
        return self.tag(f"filter {self.filter()}") + self.body(depth) + self.tag("endfilter")

    def escape(self, depth: int) -> str:
        on = self.pick("true", "false", "a", "x is defined")
        return self.tag(f"autoescape {on}") + self.body(depth) + self.tag("endautoescape")

    def do(self, depth: int) -> str:
        return self.tag(
            f"do {self.pick('tick()', self.expression(2), *([] if self.calm else ['xs.append(a)', 'd.update(a=1)']))}"
        )

    def trans(self, depth: int) -> str:
        return self.pick(
            "{% trans %}hello <b> 100%{% endtrans %}",
            "{% trans a=x %}hello {{ a }}{% endtrans %}",
            "{% trans %}hello {{ b }} %{% endtrans %}",
            "{% trans count=(xs | list | length) %}one {{ a }}{% pluralize %}{{ count }} of {{ a }}{% endtrans %}",
            "{% trans 'ctx' a=x.a %}hello {{ a }}{% endtrans %}",
            "{% trans trimmed n=2, b=tick() %}  one {{ b }}\n  two {% pluralize n %} {{ n }} {{ b }} {% endtrans %}",
        )

    def raw(self, depth: int) -> str:
        return "{% raw %}{{ no }}{% endraw %}"

    # templates

    def template(self, depth: int) -> str:
        head = ""
        parents = [name for name in self.names if name in ORDER[1:4]]
        if self.name.startswith("lib"):
            head = "".join(self.library(depth) for _ in range(self.draw(st.integers(1, 3))))
        elif parents and (self.often(1) if self.name != "inc.html" else self.seldom(5)):
            chosen = f"'{self.pick(*parents)}'" if self.often(3) else self.reference()
            head = self.tag(f"extends {chosen}")
            if self.seldom(5):
                head = self.tag(f"if {self.operand(1)}") + head + self.tag("endif")
            if self.seldom(4):
                head = self.statement(1) + head
        return head + self.body(depth, 4)

    def small(self) -> str:
        """Return a template of little more than output before what is made of parts of it, or macros that hand on."""
        if self.seldom(1):
            return self.handed_on(1)
        saved, self.in_loop = self.in_loop, True
        made = self.tag(f"for x in {self.pick('xs', '[1, 2]', '[a, o]', 'range(3)')}") + self.run(1)
        self.in_loop = saved
        made += self.piece() + self.tag("endfor")
        around = self.pick("", "", "block one", "macro n()", "filter e", "call echo()", "autoescape a", "set s", "with")
        if around:
            made = self.tag(around) + made + self.tag(f"end{around.partition(' ')[0]}")
        return made + {"macro n()": "{{ n() }}", "set s": "{{ s }}"}.get(around, "")

    def library(self, depth: int) -> str:
        return self.choose(
            self.macro, self.macro, self.assign, self.text, self.assign_block, self.handed_on, depth=depth - 1
        )


# values that hardly anything can be done with
WILD = ("Broken", "Half", "StrictUndefined", "fail", "stop", "absent", "Odd")


# what changes in the midst of a loop over it
_HOSTILE = {"xs": CHANGING, "d": GROWING}


@st.composite
def contexts(draw: st.DrawFn, *, calm: bool) -> dict[str, str]:
    """Return a recipe for a context; `tick` is always there, so that the order of calls shows."""
    made = {"tick": "Ticker()"}
    for name in VARIABLES[:-1]:
        usual = USUAL.get(name, LEAVES)
        hostile = _HOSTILE.get(name, RAISING)
        if draw(st.integers(0, 2 if hostile is not RAISING else 60 if calm else 8)) == 2:
            made[name] = draw(st.sampled_from(hostile))
        elif calm:
            made[name] = draw(st.sampled_from([value for value in usual if not value.startswith(WILD)]))
        elif draw(st.integers(0, 12)) < 12:
            made[name] = draw(st.sampled_from(usual if draw(st.integers(0, 5)) < 5 else (*LEAVES, *WHOLES)))
    for name in ("caller", "varargs", "kwargs"):
        if draw(st.integers(0, 9)) == 9:
            made[name] = draw(st.sampled_from(LEAVES))
    return made


@st.composite
def options(draw: st.DrawFn, *, calm: bool, waits: bool) -> Options:
    kinds = ("ChainableUndefined", "Angry", "ChainableUndefined", "Undefined") if calm else (*UNDEFINED, "Angry")
    undefined, finalize = draw(st.sampled_from(kinds)), draw(st.sampled_from(("", "", "", *FINALIZE)))
    if undefined == "Angry":
        finalize = ""  # Jinja2 runs a user's code in both when it compiles, and escapes what comes of it first
    return Options(
        escape=draw(st.sampled_from(("html", "on", "off"))),
        undefined=undefined,
        finalize=finalize,
        base=draw(st.sampled_from(("plain", "plain", "plain", "sandbox"))),
        context={8: "loud", 9: "sticky"}.get(draw(st.integers(0, 9)), ""),
        newstyle=draw(st.booleans()),
        trim=draw(st.integers(0, 4)) == 4,
        waits=waits or draw(st.integers(0, 5)) == 5,
    )


@st.composite
def cases(draw: st.DrawFn, *, passes: bool = False, waits: bool = False) -> Case:
    """Return a set of templates, two contexts and the options of an environment; with `passes`, some are left out, and
    if it `waits`, all are awaited.
    """
    calm = draw(st.integers(0, 3)) < 3
    present = [name for name in ORDER if name == "main.html" or draw(st.integers(0, 3))]
    templates: dict[str, str] = {}
    for index, name in enumerate(present):
        if name == "main.html" or any(name in text for text in templates.values()):
            writer = Writer(draw, name, present[index + 1 :], calm=calm)
            small = name == "main.html" and draw(st.integers(0, 2)) == 2
            templates[name] = writer.small() if small else writer.template(3 if name == "main.html" else 2)
    given, chosen = tuple(draw(contexts(calm=calm)) for _ in range(2)), draw(options(calm=calm, waits=waits))
    if passes:
        some = draw(st.one_of(st.just(set(PASSES)), st.sets(st.sampled_from(PASSES))))
        chosen = replace(chosen, without=tuple(name for name in PASSES if name in some))
    return Case("found", templates, given, chosen)


@st.composite
def changing_loops(draw: st.DrawFn) -> Case:
    """Return one loop over what changes in it."""
    text = Writer(draw, "main.html", (), calm=True).watched() + "{% endfor %}"
    context = {name: draw(st.sampled_from(values)) for name, values in _HOSTILE.items()}
    return Case("found", {"main.html": text}, (context,), Options(escape=draw(st.sampled_from(("on", "off")))))
