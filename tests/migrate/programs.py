"""Programs made at random, which render a template with whatever variables are around, in every kind of scope.

`flag()` is true or false as a list of bits says; `boom()` raises when it is true. So each way through a program is one
list of bits.
"""

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
SHOW = 'print(shim.fetch("values.txt"))'

HEAD = """\
from contextlib import contextmanager, suppress

import bridge
from bridge import capture, fetch as get, flag, include, shim

show, (require, put) = shim.include, (shim.require, shim.include)


def boom():
    if flag():
        raise ValueError("boom")


@contextmanager
def manager():
    yield "managed"


"""

AGAIN = "put = shim.include"
CHANGING = "global put\nput = str"
SHADOWED = "def inner(include=str):\n    include('values.txt')\ninner()\ninner(include)"
CAPTURED = "with shim.capture() as inside: inner()\nprint('<', inside.text, '>')"

names = st.sampled_from(NAMES)
numbers = st.integers(0, 9)


def _indented(body: list[str]) -> list[str]:
    return [f"    {line}" for line in body]


def _block(head: str, body: list[str]) -> list[str]:
    return [head, *_indented(body)]


simple = st.one_of(
    st.builds(lambda name, number: [f"{name} = {number}"], names, numbers),
    st.builds(lambda name, number: [f"{name} = {number}"], names, numbers),
    st.builds(lambda one, two: [f"{one}, {two} = 1, 2"], names, names),
    st.builds(lambda name: [f"flag() and ({name} := 3)"], names),
    st.builds(lambda name: [f"print(({name} := 4), shim.fetch('values.txt'))"], names),
    st.builds(lambda name: [f"{name}: int = 5"], names),
    st.builds(lambda name: [f"{name}: int"], names),
    st.builds(lambda name: [f"del {name}"], names),
    st.builds(lambda name: [f"print({name})"], names),
    st.builds(lambda name: [f"import os as {name}_, sys as {name}", f"{name} = 6"], names),
    st.just(["boom()"]),
    st.just([SHOW]),
    st.just([SHOW]),
    st.just(['shim.include("values.txt")']),
    st.just(['shim.include("values.txt", {"a": 1})']),
    st.builds(lambda name: [f'shim.require("values.txt", dict(a={name}))'], names),
    st.builds(lambda name: [f"print(f\"[{{shim.fetch('values.txt', {{'b': {name}}})}}]\")"], names),
    st.just(['include("values.txt")']),
    st.builds(lambda name: [f"show('values.txt', dict(b={name}))"], names),
    st.just(['require("values.txt")']),
    st.just(['put("values.txt", {})']),
    st.just(['print(get("values.txt"), bridge.fetch("values.txt"))']),
    st.builds(lambda name: [f"print([get('values.txt') for {name} in range(2)])"], names),
    st.just(["put = str if flag() else shim.include", 'put("values.txt")']),
    st.just(["with capture() as held:", "    inner()", "print(len(held.text))"]),
    st.just(["print((lambda get: get('values.txt'))(str))"]),
    st.just(["with capture() as text:", '    include("values.txt")', '    show("values.txt", {})', "print(text.text)"]),
    st.just(["with bridge.capture() as page:", "    outer", '    include("values.txt")', "print(page.text)"]),
    st.just(["with shim.capture() as text:", '    shim.include("values.txt")', "print(text.text, str(text))"]),
    st.just(["with shim.capture() as page:", "    outer", '    shim.include("values.txt")', "print(page.text)"]),
    st.just(["with shim.capture() as held:", "    inner()", "print(len(held.text))"]),
    st.builds(lambda name: [f"print([shim.fetch('values.txt') for {name} in range(2)])"], names),
    st.builds(lambda one, two: [f"print([shim.fetch('values.txt') for {one} in 'xy' if ({two} := 7)])"], names, names),
    st.builds(
        lambda one, two: [f"print(list(shim.fetch('values.txt') for {one} in 'xy' for {two} in 'z'))"], names, names
    ),
    st.builds(lambda name: [f"print((lambda {name}: shim.fetch('values.txt'))(8))"], names),
    st.builds(lambda name: [f"print((lambda: (shim.fetch('values.txt'), {name}))())"], names),
    st.builds(lambda name: [f"print({{9: shim.fetch('values.txt') for _ in [{name} for {name} in 'pq']}})"], names),
)


def compound(inner: st.SearchStrategy[list[list[str]]]) -> st.SearchStrategy[list[str]]:
    body = inner.map(lambda statements: [line for statement in statements for line in statement])

    def with_def(name: str, declared: str, other: str, inside: list[str], where: str) -> list[str]:
        declaration = [f"{declared} {other}"] if declared and name != other else []
        return [*_block(f"def inner({name}=1):", [*declaration, *inside]), *where.split("\n")]

    return st.one_of(
        st.builds(lambda yes, no: _block("if flag():", yes) + _block("else:", no), body, body),
        st.builds(lambda yes: _block("if flag():", yes), body),
        st.builds(lambda yes: _block("if flag():", [*yes, "return"]), body),
        st.builds(lambda name, yes: _block(f"if ({name} := flag()):", yes), names, body),
        st.builds(
            lambda name, each, no: _block(f"for {name} in range(flag() + flag()):", each) + _block("else:", no),
            names,
            body,
            body,
        ),
        st.builds(
            lambda name, each: _block(f"for {name} in range(2):", [*each, "if flag():", "    break"]), names, body
        ),
        st.builds(lambda each: _block("while flag():", each), body),
        st.builds(lambda each: _block("while flag():", [*each, "if flag():", "    continue", SHOW]), body),
        st.builds(
            lambda tried, name, caught, always: [
                *_block("try:", tried),
                *_block(f"except (ValueError, NameError) as {name}:", [*caught, f"{name} = str({name})", SHOW]),
                *_block("finally:", always),
            ],
            body,
            names,
            body,
            body,
        ),
        st.builds(
            lambda tried, caught, otherwise: [
                *_block("try:", [*tried, "boom()"]),
                *_block("except ValueError:", caught),
                *_block("else:", otherwise),
            ],
            body,
            body,
            body,
        ),
        st.builds(lambda name, held: _block(f"with manager() as {name}:", held), names, body),
        st.builds(lambda held: _block("with suppress(ValueError, NameError):", held), body),
        st.builds(
            lambda one, two, first, second: [
                "match [flag(), flag()]:",
                *_indented(_block(f"case [True, {one}]:", first)),
                *_indented(_block(f"case {two} if flag():", second)),
            ],
            names,
            names,
            body,
            body,
        ),
        st.builds(
            with_def,
            names,
            st.sampled_from(("", "global", "nonlocal")),
            names,
            body,
            st.sampled_from(
                ("inner()", "inner(2)", "", "print(inner.__name__)", CAPTURED, CAPTURED.replace("shim.", ""))
            ),
        ),
        st.sampled_from((AGAIN, CHANGING, SHADOWED)).map(
            lambda text: [*_block("def other():", text.split("\n")), "flag() and other()"]
        ),
        st.builds(lambda inside: [*_block("def pieces():", [*inside, "yield 1"]), "print(*pieces())"], body),
        st.builds(lambda held: _block("class Inner:", held), body),
    )


statements = st.recursive(
    st.lists(simple, min_size=1, max_size=3),
    lambda inner: st.lists(st.one_of(simple, compound(inner)), min_size=1, max_size=4),
    max_leaves=8,
)
bodies = statements.map(lambda found: [line for statement in found for line in statement])


def _program(before: list[str], body: list[str], after: list[str], parameters: list[str]) -> str:
    lines = [*before, *_block(f"def outer({', '.join(f'{name}=0' for name in parameters)}):", body)]
    return HEAD + "\n".join([*lines, "outer()", *after, "outer()", SHOW]) + "\n"


def _is_python(text: str) -> bool:
    try:
        compile(text, "program", "exec")
    except SyntaxError:  # such as a `nonlocal` of what nobody binds
        return False
    return True


programs = st.builds(_program, bodies, bodies, bodies, st.lists(names, unique=True, max_size=2)).filter(_is_python)
ways = st.lists(st.booleans(), max_size=24)
