"""A page of settings: dicts in dicts, objects with properties and methods, choices by kind."""

from typing import Any

from bench.foreign.workload import Context, Workload

JINJA2 = {
    "settings.html": """\
<h1>Settings of {{ account.owner.name }}</h1>
{% for key, group in groups|dictsort %}
<fieldset id="{{ key }}"><legend>{{ group.title }}</legend>
{% if group.changed %}<p>{{ group.changed|length }} of {{ group.settings|length }} changed</p>{% endif %}
{% for name, setting in group.settings.items() %}
{% set id = key ~ "-" ~ name %}
<div class="setting {{ setting.kind }}{{ " changed" if setting.is_changed }}">
<label for="{{ id }}">{{ setting.label }}</label>
{% if setting.kind == "choice" %}<select id="{{ id }}">{% for value, label in setting.choices %}
<option value="{{ value }}"{{ " selected" if value == setting.value }}>{{ label }}</option>{% endfor %}</select>
{% elif setting.kind == "switch" %}<input type="checkbox" id="{{ id }}"{{ " checked" if setting.value }}>
{% else %}<input id="{{ id }}" value="{{ setting.display() }}">{% endif %}
{% if setting.is_changed %}<a href="?reset={{ id }}">{{ setting.default_text }}</a>{% endif %}
{% if limits[key][name] is defined %}<small>{{ limits[key][name].low }} to {{ limits[key][name].high }}</small>
{% endif %}</div>
{% endfor %}</fieldset>
{% endfor %}
""",
}

WHEEZY = {
    "settings.html": """\
@require(account, groups, limits)
<h1>Settings of @account.owner.name!e</h1>
@for key, group in sorted(groups.items()):
<fieldset id="@key!e"><legend>@group.title!e</legend>
@if group.changed:
<p>@len(group.changed)!s of @len(group.settings)!s changed</p>
@end
@for name, setting in group.settings.items():
@(id = e(key + "-" + name); kind = setting.kind; limit = limits[key].get(name))
<div class="setting @kind!e@{' changed' if setting.is_changed else ''}">
<label for="@id">@setting.label!e</label>
@if kind == "choice":
<select id="@id">
@for value, label in setting.choices:
<option value="@value!e"@{' selected' if value == setting.value else ''}>@label!e</option>
@end
</select>
@elif kind == "switch":
<input type="checkbox" id="@id"@{' checked' if setting.value else ''}>
@else:
<input id="@id" value="@setting.display()!e">
@end
@if setting.is_changed:
<a href="?reset=@id">@setting.default_text!e</a>
@end
@if limit is not None:
<small>@limit['low']!s to @limit['high']!s</small>
@end
</div>
@end
</fieldset>
@end
""",
}


class Setting:
    """One setting."""

    __slots__ = ("choices", "default", "kind", "label", "value")

    def __init__(self, kind: str, label: str, value: Any, default: Any, choices: list[tuple[str, str]]) -> None:
        self.kind, self.label, self.value, self.default, self.choices = kind, label, value, default, choices

    @property
    def is_changed(self) -> bool:
        """Return whether it has another value than at first."""
        return bool(self.value != self.default)

    @property
    def default_text(self) -> str:
        """Return what a link says that takes it back."""
        return f"Back to <{self.default}>"

    def display(self) -> str:
        """Return the value as a text."""
        return str(self.value)


class Group:
    """Settings that belong together."""

    def __init__(self, title: str, settings: dict[str, Setting]) -> None:
        self.title, self.settings = title, settings

    @property
    def changed(self) -> list[str]:
        """Return the names of those that are changed."""
        return [name for name, setting in self.settings.items() if setting.is_changed]


class Owner:
    """Whose account it is."""

    name = "Ada O'Neill"


class Account:
    """An account."""

    @property
    def owner(self) -> Owner:
        """Return whose it is."""
        return Owner()


def _setting(number: int) -> Setting:
    kind = ("text", "choice", "switch", "number")[number % 4]
    choices = [(str(value), f"Choice {value} & co") for value in range(4)]
    value: Any = {"text": f'"{number}"', "choice": str(number % 4), "switch": number % 3 == 0, "number": number}[kind]
    default: Any = {"text": f'"{number % 8}"', "choice": "1", "switch": False, "number": 7}[kind]
    return Setting(kind, f"Setting {number} & co", value, default, choices)


def _context() -> Context:
    names = ("mail", "privacy", "appearance", "billing")
    return {
        "account": Account(),
        "groups": {
            name: Group(f"All about {name}", {f"s{number}": _setting(number + at) for number in range(10)})
            for at, name in enumerate(names)
        },
        "limits": {name: {f"s{number}": {"low": 0, "high": number * 10} for number in (3, 7)} for name in names},
    }


WORKLOADS = (Workload("settings", "settings.html", JINJA2, _context(), WHEEZY),)
