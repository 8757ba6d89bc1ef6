"""Made-up messages: a layout, includes, macros and a sheet, with classes, ids and styles that may depend on values."""

from random import Random

TAGS = ("div", "p", "span", "b", "ul", "li", "table", "td", "a")
CLASSES = ("a", "b", "c")
PROPERTIES = ("color", "margin", "margin-top", "padding", "font-size", "line-height", "border-left-width", "border")
FLAGS = ("x", "y", "z")
TEXTS = ("name", "other")


class Maker:
    """Makes one message and values for it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.sources: dict[str, str] = {}

    def message(self) -> dict[str, str]:
        """Return the sources of a message, `mail/body.html`."""
        self.sources = {"mail/subject.txt": "s", "brand.html": '{% set ink = "black" %}{% set own = "margin:9px;" %}'}
        self.sources["macros.html"] = (
            '{% import "brand.html" as brand %}'
            "{% macro plain(label, kind) %}" + self.body(2, ("kind",)) + "{% endmacro %}"
            '{% macro around(kind) %}<div class="c">{{ caller() }}</div>' + self.body(1, ("kind",)) + "{% endmacro %}"
        )
        self.sources["part.html"] = '{% import "brand.html" as brand %}' + self.body(2, ())
        extra = f"<style>{self.sheet(2)}</style>" if self.chance(0.3) else ""
        self.sources["layout.html"] = (
            '{% import "brand.html" as brand %}{% import "macros.html" as m with context %}'
            f"<html><head><title>{{% block title %}}t{{% endblock %}}</title><style>\n{self.sheet(7)}\n</style>"
            f"{'{% if x %}' + extra + '{% endif %}' if self.chance(0.3) else extra}"
            '</head>\n<body class="c"><div id="i">{% block content %}'
            + self.body(1, ())
            + "{% endblock %}</div>"
            + self.body(1, ())
            + "</body></html>"
        )
        self.sources["mail/body.html"] = (
            '{% extends "layout.html" %}{% import "macros.html" as m with context %}{% import "brand.html" as brand %}'
            "{% block content %}" + self.body(4, ()) + self.pick("{{ super() }}", "") + "{% endblock %}"
        )
        return self.sources

    def context(self) -> dict[str, object]:
        """Return values for the message."""
        flags = {name: self.chance(0.5) for name in FLAGS}
        texts = {name: self.pick("a", "b", "c", "q") for name in TEXTS}
        return {**flags, **texts, "items": [1, 2, 3][: self.random.randint(0, 3)]}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *each: str) -> str:
        return self.random.choice(each)

    def sheet(self, most: int) -> str:
        return self.pick("", " ", "\n").join(self.rule() for _ in range(self.random.randint(1, most)))

    def rule(self) -> str:
        if self.chance(0.08):
            return f"@media (max-width:480px){{.{self.pick(*CLASSES)}{{color:red!important}}}}"
        selectors = ", ".join(self.selector() for _ in range(self.random.choice((1, 1, 2))))
        return f"{selectors}{{{self.declarations()}}}"

    def selector(self) -> str:
        parts = [self.compound() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        made = parts[0]
        for part in parts[1:]:
            made += self.pick(" ", " ", " > ", " + ", " ~ ") + part
        return made

    def compound(self) -> str:
        made = self.pick(*TAGS, "", "", "")
        for _ in range(self.random.choice((0, 1, 1))):
            made += self.pick(
                *(f".{name}" for name in CLASSES * 2),
                "#i",
                "[title]",
                ":first-child",
                ":not(.a)",
                ":hover",
                "[class~=b]",
            )
        return made or f".{self.pick(*CLASSES)}"

    def declarations(self) -> str:
        each = []
        for _ in range(self.random.randint(1, 3)):
            name = self.pick(*PROPERTIES)
            value = (
                self.pick("1px", "2px", "3px", "{{ brand.ink }}")
                if self.chance(0.2)
                else f"{self.random.randint(1, 99)}px"
            )
            each.append(f"{name}:{value}{'!important' if self.chance(0.1) else ''}")
        return ";".join(each)

    def body(self, size: int, names: tuple[str, ...]) -> str:
        return "".join(self.piece(size, names) for _ in range(self.random.randint(1, 3)))

    def piece(self, size: int, names: tuple[str, ...]) -> str:
        if size <= 0:
            return self.pick("text", "{{ name }}", "\n")
        inner = size - 1
        kind = self.random.randrange(14)
        if kind < 6:
            tag = self.pick("div", "p", "span", "b", "a") if self.chance(0.95) else "{{ 'div' if y else 'p' }}"
            return f"<{tag}{self.attributes(names)}>{self.body(inner, names)}</{tag}>"
        if kind == 6:
            other = "{% else %}" + self.body(inner, names) if self.chance(0.5) else ""
            return f"{{% if {self.pick(*FLAGS)} %}}{self.body(inner, names)}{other}{{% endif %}}"
        if kind == 7:
            return "{% for item in items %}" + self.body(inner, names) + "{% endfor %}"
        if kind == 8:
            return self.pick('{% include "part.html" %}', "") if "part.html" in self.sources else ""
        if kind == 9 and not names:
            return "{{ m.plain(name, '" + self.pick(*CLASSES) + "') }}" if "macros.html" in self.sources else ""
        if kind == 10 and not names:
            call = f"{{% call m.around({self.pick('name', repr('a'))}) %}}"
            return call + self.body(inner, names) + "{% endcall %}" if "macros.html" in self.sources else ""
        if kind == 11:
            return f"{{% trans %}}hello <b{self.static()}>you</b>{{% endtrans %}}"
        if kind == 12:
            flag = self.pick(*FLAGS)
            open_tag = f'{{% if {flag} %}}<div class="{self.pick(*CLASSES)}">{{% endif %}}'
            return open_tag + self.body(inner, names) + f"{{% if {flag} %}}</div>{{% endif %}}"
        return f"<table><tr><td{self.attributes(names)}>{self.body(inner, names)}</td></tr></table>"

    def static(self) -> str:
        return f' class="{self.pick(*CLASSES)}"' if self.chance(0.5) else ""

    def attributes(self, names: tuple[str, ...]) -> str:
        made = ""
        if self.chance(0.6):
            made += f' class="{self.classes(names)}"'
        elif self.chance(0.15):
            made += f'{{% if {self.pick(*FLAGS)} %}} class="{self.pick(*CLASSES)}"{{% endif %}}'
        if self.chance(0.1):
            made += ' title="{{ name }}"'
        if self.chance(0.05):
            made += " {{ {'class': name, 'title': other}|xmlattr }}"
        if self.chance(0.3):
            made += f' style="{self.style(names)}"'
        return made

    def classes(self, names: tuple[str, ...]) -> str:
        first = self.pick(*CLASSES)
        flag = self.pick(*FLAGS)
        return self.pick(
            first,
            first,
            f"{first} {self.pick(*CLASSES)}",
            f"{{{{ '{first}' if {flag} else '{self.pick(*CLASSES)}' }}}}",
            f"{first}{{% if {flag} %}} {self.pick(*CLASSES)}{{% endif %}}",
            f"{{% if {flag} %}}{first}{{% else %}}{self.pick(*CLASSES)}{{% endif %}}",
            f"{first} {{{{ {self.pick(*TEXTS, *names)} }}}}",
        )

    def style(self, names: tuple[str, ...]) -> str:
        return self.pick(
            "margin-top:7px",
            "color: green;",
            "color:{{ 'red' if x else 'blue' }};padding:1px",
            "{{ brand.own }}color:{{ brand.ink }}",
            "{% if y %}padding:4px;{% endif %}color:teal",
            "margin:5px !important;font-size:{{ items|length }}px",
        )
