"""A form from macros: inputs, selects, check boxes, errors beside the fields."""

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "fields.html": """\
{% macro errors(found) %}{% for error in found %}<p class="error">{{ error }}</p>{% endfor %}{% endmacro %}
{% macro input(field, type="text", required=false) -%}
<label for="{{ field.name }}">{{ field.label }}</label>
<input type="{{ type }}" id="{{ field.name }}" name="{{ field.name }}" value="{{ field.value }}"\
{% if required %} required{% endif %}>{{ errors(field.errors) }}
{%- endmacro %}
{% macro select(field) -%}
<label for="{{ field.name }}">{{ field.label }}</label>
<select id="{{ field.name }}" name="{{ field.name }}">
{% for key, label in field.choices %}<option value="{{ key }}"{% if key == field.value %} selected{% endif %}>\
{{ label }}</option>
{% endfor %}</select>{{ errors(field.errors) }}
{%- endmacro %}
{% macro checkbox(field) -%}
<label><input type="checkbox" name="{{ field.name }}"{% if field.value %} checked{% endif %}> {{ field.label }}\
</label>{{ errors(field.errors) }}
{%- endmacro %}
""",
    "form.html": """\
{% from "fields.html" import input, select, checkbox %}
<form method="post" action="{{ action }}">
{% for field in fields %}
{% if field.kind == "select" %}{{ select(field) }}
{% elif field.kind == "checkbox" %}{{ checkbox(field) }}
{% else %}{{ input(field, field.kind, required=field.required) }}
{% endif %}
{% endfor %}
<button>{{ label }}</button>
</form>
""",
}


MAKO = {
    "fields.html": """\
<%def name="errors(found)">
% for error in found:
<p class="error">${error}</p>
% endfor
</%def>
<%def name="input(field, type='text', required=False)">
<label for="${field['name']}">${field['label']}</label>
<input type="${type}" id="${field['name']}" name="${field['name']}" value="${field['value']}"\\
% if required:
 required\\
% endif
>${errors(field['errors'])}</%def>
<%def name="select(field)">
<label for="${field['name']}">${field['label']}</label>
<select id="${field['name']}" name="${field['name']}">
% for key, label in field['choices']:
<option value="${key}"\\
% if key == field['value']:
 selected\\
% endif
>${label}</option>
% endfor
</select>${errors(field['errors'])}</%def>
<%def name="checkbox(field)">
<label><input type="checkbox" name="${field['name']}"\\
% if field['value']:
 checked\\
% endif
> ${field['label']}</label>${errors(field['errors'])}</%def>
""",
    "form.html": """\
<%namespace name="fields_" file="fields.html"/>
<form method="post" action="${action}">
% for field in fields:
% if field['kind'] == "select":
${fields_.select(field)}
% elif field['kind'] == "checkbox":
${fields_.checkbox(field)}
% else:
${fields_.input(field, field['kind'], required=field['required'])}
% endif
% endfor
<button>${label}</button>
</form>
""",
}

CHAMELEON = {
    "fields.html": """\
<metal:block define-macro="errors"><p class="error" tal:repeat="error field['errors']">${error}</p></metal:block>
<metal:block define-macro="input"><label for="${field['name']}">${field['label']}</label>
<input type="${type|'text'}" id="${field['name']}" name="${field['name']}" value="${field['value']}" \
tal:attributes="required 'required' if required else None">\
<metal:block use-macro="template.macros['errors']"/></metal:block>
<metal:block define-macro="select"><label for="${field['name']}">${field['label']}</label>
<select id="${field['name']}" name="${field['name']}">
<tal:block repeat="(key, label) field['choices']"><option value="${key}" \
tal:attributes="selected 'selected' if key == field['value'] else None">${label}</option>
</tal:block></select><metal:block use-macro="template.macros['errors']"/></metal:block>
<metal:block define-macro="checkbox"><label><input type="checkbox" name="${field['name']}" \
tal:attributes="checked 'checked' if field['value'] else None"> ${field['label']}</label>\
<metal:block use-macro="template.macros['errors']"/></metal:block>
""",
    "form.html": """\
<form method="post" action="${action}" tal:define="ui load('fields.html').macros">
<tal:block repeat="field fields">
<tal:block switch="field['kind']">
<tal:block case="'select'"><metal:block use-macro="ui['select']"/></tal:block>
<tal:block case="'checkbox'"><metal:block use-macro="ui['checkbox']"/></tal:block>
<tal:block case="default"><metal:block use-macro="ui['input']" \
tal:define="type field['kind']; required field['required']"/></tal:block>
</tal:block>
</tal:block>
<button>${label}</button>
</form>
""",
}

# Django has no macros: includes with arguments.
DJANGO = {
    "errors.html": """{% for error in found %}<p class="error">{{ error }}</p>{% endfor %}""",
    "input.html": """\
<label for="{{ field.name }}">{{ field.label }}</label>
<input type="{{ type|default:"text" }}" id="{{ field.name }}" name="{{ field.name }}" value="{{ field.value }}"\
{% if required %} required{% endif %}>{% include "errors.html" with found=field.errors only %}
""",
    "select.html": """\
<label for="{{ field.name }}">{{ field.label }}</label>
<select id="{{ field.name }}" name="{{ field.name }}">
{% for key, label in field.choices %}<option value="{{ key }}"{% if key == field.value %} selected{% endif %}>\
{{ label }}</option>
{% endfor %}</select>{% include "errors.html" with found=field.errors only %}
""",
    "checkbox.html": """\
<label><input type="checkbox" name="{{ field.name }}"{% if field.value %} checked{% endif %}> {{ field.label }}\
</label>{% include "errors.html" with found=field.errors only %}
""",
    "form.html": """\
<form method="post" action="{{ action }}">
{% for field in fields %}
{% if field.kind == "select" %}{% include "select.html" with field=field only %}
{% elif field.kind == "checkbox" %}{% include "checkbox.html" with field=field only %}
{% else %}{% include "input.html" with field=field type=field.kind required=field.required only %}
{% endif %}
{% endfor %}
<button>{{ label }}</button>
</form>
""",
}

PHP = {
    "fields.php": """\
<?php
function errors($found) { foreach ($found as $error): ?><p class="error"><?= e($error) ?></p><?php endforeach; }
function input($field, $type = 'text', $required = false) {
?><label for="<?= e($field['name']) ?>"><?= e($field['label']) ?></label>
<input type="<?= e($type) ?>" id="<?= e($field['name']) ?>" name="<?= e($field['name']) ?>" \
value="<?= e($field['value']) ?>"<?php if ($required): ?> required<?php endif ?>><?php errors($field['errors']); }
function select($field) {
?><label for="<?= e($field['name']) ?>"><?= e($field['label']) ?></label>
<select id="<?= e($field['name']) ?>" name="<?= e($field['name']) ?>">
<?php foreach ($field['choices'] as [$key, $label]): ?><option value="<?= e($key) ?>"\
<?php if ($key == $field['value']): ?> selected<?php endif ?>><?= e($label) ?></option>
<?php endforeach ?></select><?php errors($field['errors']); }
function checkbox($field) {
?><label><input type="checkbox" name="<?= e($field['name']) ?>"<?php if ($field['value']): ?> checked<?php endif ?>>\
 <?= e($field['label']) ?></label><?php errors($field['errors']); }
""",
    "form.html": """\
<?php require_once __DIR__ . '/fields.php' ?>
<form method="post" action="<?= e($action) ?>">
<?php foreach ($fields as $field): ?>

<?php
if ($field['kind'] == 'select') select($field);
elseif ($field['kind'] == 'checkbox') checkbox($field);
else input($field, $field['kind'], required: $field['required']);
endforeach ?>

<button><?= e($label) ?></button>
</form>
""",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy.FORM,
    "tornado": in_tornado.FORM,
    "tera": in_tera.FORM,
    "htpy": in_htpy.FORM,
}


def _field(number: int, kind: str, value: object, **more: object) -> dict[str, object]:
    return {
        "kind": kind,
        "name": f"field_{number}",
        "label": f"Field {number} & co",
        "value": value,
        "errors": ["That can't be."] if number % 5 == 4 else [],
        "required": number % 2 == 0,
        **more,
    }


def _context() -> Context:
    choices = [(str(number), f"Choice {number}") for number in range(6)]
    fields = []
    for number in range(20):
        if number % 4 == 2:
            fields.append(_field(number, "select", str(number % 6), choices=choices))
        elif number % 4 == 3:
            fields.append(_field(number, "checkbox", number % 3 == 0))
        else:
            fields.append(_field(number, "email" if number % 4 else "text", '"Ada" <ada@example.org>'))
    return {"action": "/save?a=1&b=2", "fields": fields, "label": "Save"}


def by_hand(context: Context) -> str:
    """Write the form."""
    out = [f'\n<form method="post" action="{escape(context["action"])}">\n']
    add = out.append
    for field in context["fields"]:
        kind, value, name, label = field["kind"], field["value"], escape(field["name"]), escape(field["label"])
        if kind == "select":
            add(f'\n<label for="{name}">{label}</label>\n<select id="{name}" name="{name}">\n')
            for key, text in field["choices"]:
                chosen = " selected" if key == value else ""
                add(f'<option value="{escape(key)}"{chosen}>{escape(text)}</option>\n')
            add("</select>")
        elif kind == "checkbox":
            checked = " checked" if value else ""
            add(f'\n<label><input type="checkbox" name="{name}"{checked}> {label}</label>')
        else:
            required = " required" if field["required"] else ""
            add(
                f'\n<label for="{name}">{label}</label>\n<input type="{escape(kind)}" id="{name}" name="{name}"'
                f' value="{escape(value)}"{required}>'
            )
        for error in field["errors"]:
            add(f'<p class="error">{escape(error)}</p>')
        add("\n\n")
    add(f"\n<button>{escape(context['label'])}</button>\n</form>")
    return "".join(out)


WORKLOADS = (Workload("form", "form", "form.html", _context(), JINJA2, by_hand, others=OTHERS),)
