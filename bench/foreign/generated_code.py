"""A generator of code: classes with fields and methods, `indent`, a filtered block, blank space under control."""

import jinja2

from bench.foreign.workload import Context, Workload, prose, wordwrap

JINJA2 = {
    "client.py": '''\
{% import "parts.py" as parts %}
{# made for each service #}
"""{{ service.name }}: {{ service.about|wordwrap(70)|indent }}"""

from dataclasses import dataclass
{% for module in imports|sort %}
import {{ module }}
{% endfor %}

{% for model in models %}

@dataclass
class {{ model.name }}{% if model.base %}({{ model.base }}){% endif %}:
    """{{ model.about }}"""

    {% for field in model.fields %}
    {{ field.name }}: {{ field.type }}{% if field.default is not none %} = {{ field.default }}{% endif +%}
    {% else %}
    pass
    {% endfor %}
    {% for method in model.methods %}

    def {{ method.name }}({{ parts.arguments(method.arguments) }}) -> {{ method.returns or "None" }}:
        {%- filter indent(8) %}

{{ parts.body(method) }}
        {%- endfilter %}

    {% endfor %}
{% endfor %}
''',
    "parts.py": '''\
{% macro arguments(names) -%}
self{% for argument in names %}, {{ argument.name }}: {{ argument.type }}{% if argument.optional %} = None{% endif %}
{%- endfor %}
{%- endmacro %}
{% macro body(method) -%}
"""{{ method.about }}"""
return self.send(
    "{{ method.verb|upper }}",
    f"{{ method.path }}",
    {{ method.arguments|selectattr("optional")|map(attribute="name")|join(", ") or "None" }},
)
{%- endmacro %}
''',
}

# a mark beside `at`, which begins what wheezy reads, and backslashes at the ends of lines: blank space is the text's
WHEEZY = {
    "client.py": '''\
@require(service, imports, models)
@import "parts.py" as parts
"""@service['name']: @indent(wordwrap(service['about'], 70))"""

from dataclasses import dataclass
@for module in sorted(imports):
import @module
@end

@for model in models:

@@dataclass
class @model['name']\\
@if model['base']:
(@model['base'])\\
@end
:
    """@model['about']"""

@for field in model['fields']:
    @field['name']: @field['type']\\
@if field['default'] is not None:
 = @field['default']!s\\
@end

@end
@if not model['fields']:
    pass
@end
@for method in model['methods']:

    def @{method['name']}(@parts.arguments(method['arguments'])) -> @{method['returns'] or "None"}:
        @indent(parts.body(method), 8)
@end
@end
''',
    "parts.py": '''\
@def arguments(names):
self\\
@for argument in names:
, @argument['name']: @argument['type']@{' = None' if argument['optional'] else ''}\\
@end
@end
@def body(method):
"""@method['about']"""
return self.send(
    "@method['verb'].upper()",
    f"@method['path']",
    @{', '.join([argument['name'] for argument in method['arguments'] if argument['optional']]) or "None"},
)\\
@end
''',
}


def indent(text: str, width: int = 4) -> str:
    """Return a text whose lines but the first are indented."""
    return text.replace("\n", "\n" + " " * width)


def make() -> jinja2.Environment:
    """Return an environment for code."""
    return jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )


def _method(number: int) -> Context:
    return {
        "name": f"fetch_{number}",
        "about": f"Fetch {prose(number, 6)}.",
        "returns": "dict[str, str]" if number % 2 else None,
        "verb": ("get", "post")[number % 2],
        "path": f"/things/{number}/{{key}}",
        "arguments": [
            {"name": f"argument_{at}", "type": ("str", "int")[at % 2], "optional": at > 1} for at in range(number % 5)
        ],
    }


def _context() -> Context:
    return {
        "service": {"name": "Things", "about": prose(2, 40)},
        "imports": ["typing", "datetime", "decimal"],
        "models": [
            {
                "name": f"Model{number}",
                "base": "Base" if number % 3 == 0 else "",
                "about": f"About {prose(number, 8)}.",
                "fields": [
                    {"name": f"field_{at}", "type": ("str", "int")[at % 2], "default": at if at % 3 == 0 else None}
                    for at in range(number % 4 * 2)
                ],
                "methods": [_method(number + at) for at in range(3)],
            }
            for number in range(12)
        ],
    }


WORKLOADS = (
    Workload(
        "generator of code",
        "client.py",
        JINJA2,
        _context(),
        WHEEZY,
        make=make,
        functions={"wordwrap": wordwrap, "indent": indent},
    ),
)
