"""Templates that a compiler which is not careful turns into other bytes in another process. Prints their digests.

``python -m tests.compiling.nasty [--jobs N] [--cache FOLDER] [--reverse] [FOLDER]``: of the nasty set, or of a folder.
"""

import argparse
from pathlib import Path

import blendtpl
from tests.compiling.support import build

NAMES = [f"{letter}{number}" for letter in "qwertyuiop" for number in range(4)]

MANY_SETS = "".join(f"{{% set {name} = {number} %}}" for number, name in enumerate(NAMES))
BRANCHES = (
    "{% if x %}"
    + "".join(f"{{% set {name} = 1 %}}" for name in NAMES)
    + "{% elif y %}"
    + "".join(f"{{% set {name} = 2 %}}" for name in NAMES[::2])
    + "{% else %}"
    + "".join(f"{{% set {name} = 3 %}}" for name in NAMES[1::2])
    + "{% endif %}"
    + "".join(f"{{{{ {name}|default('-') }}}}" for name in NAMES)
)
FILTERS = "".join(
    f"{{% if {name} is {test} %}}{{{{ {name}|{filter} }}}}{{% endif %}}"
    for name, test, filter in zip(
        NAMES,
        ["defined", "odd", "even", "none", "mapping", "string", "number", "nope", "zero"] * 9,
        ["upper", "lower", "title", "trim", "length", "list", "first", "last", "sort", "sum", "nope"] * 9,
        strict=False,
    )
)
MACROS = "".join(f"{{% macro {name}(a, b=1, c=caller) %}}{{{{ a }}}}{{{{ kwargs }}}}{{% endmacro %}}" for name in NAMES)
IMPORTS = "{% from 'macros.html' import " + ", ".join(f"{name} as my_{name}" for name in NAMES) + " with context %}"
SOURCE = {
    "sets.html": MANY_SETS + "{% block content %}{{ q0 }}{% endblock %}",
    "branches.html": BRANCHES,
    "loop.html": "{% for i in x %}" + BRANCHES + MANY_SETS + "{% endfor %}" + BRANCHES,
    "filters.txt": FILTERS,
    "macros.html": MACROS,
    "imports.html": IMPORTS + "".join(f"{{{{ my_{name}({number}) }}}}" for number, name in enumerate(NAMES)),
    "nested.html": "{% for i in x %}{% for j in i recursive %}{% block b scoped %}"
    + MANY_SETS.replace("= ", "= j ~ ")
    + "{% call(a) m(i) %}{% set z = a %}{% set y = z %}{{ loop(j) }}{% endcall %}{% endblock %}{% endfor %}{% endfor %}",
    "blocks.html": "{% extends 'sets.html' %}"
    + MANY_SETS
    + "".join(f"{{% block b_{name} %}}{{{{ super() }}}}{{{{ {name} }}}}{{% endblock %}}" for name in NAMES)
    + "{% block content %}{{ super() }}{{ self.b_q0() }}{% endblock %}",
    "constants.txt": "{{ 'a' ~ '{x}' ~ \"'\\\"\" }}{{ 'grüße, 日本, \\ud83d'|upper }}{{ {'b': 1, 'a': (2, 3.5)} }}{{ 1e100 }}"
    "{{ ['b', 'a']|sort|join }}{{ 'ab' is in ['ab', 'cd'] }}{{ 'x y'|wordcount }}{{ [3, 1]|unique|list }}"
    "{{ ('a', 'b')|groupby(0)|list }}{{ {'z': 1, 'y': 2}|dictsort }}{{ 'a'.b.c|default('d') }}{{ -0.0 }}{{ 2 ** 70 }}",
    "with.html": "{% with a=1, b=a %}{% filter upper %}{% set c %}{{ a }}{{ b }}{% endset %}{{ c }}{% endfilter %}{% endwith %}"
    "{% trans n=x, m=y %}{{ n }} one{% pluralize m %}{{ m }} many{% endtrans %}{% autoescape x %}{{ y }}{% endautoescape %}",
    "include.html": "{% for a in x %}{% include ['nope', 'sets.html', a] ignore missing %}{% endfor %}",
    "größe.html": "{{ größe }}{% set überall = 1 %}{% set ähnlich = 2 %}{% set 変数 = 3 %}",
    "namespace.html": "{% set ns = namespace(a=1, b=2) %}{% for i in x %}{% set ns.a, ns.b = ns.b, i %}{% endfor %}",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--reverse", action="store_true")
    wanted = parser.parse_args()
    source = dict(reversed(SOURCE.items())) if wanted.reverse else SOURCE
    made = build(wanted.folder or source, cache=wanted.cache, jobs=wanted.jobs)
    print(made.bundle.digest, made.cached, blendtpl.load(made.bundle).digest)


if __name__ == "__main__":
    main()
