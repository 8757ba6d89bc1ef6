"""Django: a form of twenty fields by its own Jinja2 templates, which it renders one in the other."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package
from bench.real.projects import words


def _run(folder: Path, stack: ExitStack) -> None:
    import django
    from django.conf import settings

    settings.configure(FORM_RENDERER="django.forms.renderers.Jinja2", USE_I18N=False, INSTALLED_APPS=["django.forms"])
    django.setup()
    from django import forms

    choices = [(str(number), f"{words(number, 2)} & {number}") for number in range(30)]
    kinds = (forms.CharField, forms.EmailField, forms.IntegerField, forms.BooleanField, forms.DateField)
    fields: dict[str, forms.Field] = {f"field{at}": kinds[at % 5](help_text=words(at, 5)) for at in range(20)}
    fields["kind"] = forms.ChoiceField(choices=choices)
    fields["tags"] = forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple)
    form = type("Form", (forms.Form,), fields)({"field0": '"Ada" <ada>', "kind": "7", "tags": ["3", "5"]})
    form.as_div()
    form.as_table()


PACKAGES = (
    Package(
        "django",
        "a form of 22 fields with errors",
        {
            "django form": "django/forms/div.html",
            "django form as table": "django/forms/table.html",
            "django select": "django/forms/widgets/select.html",
            "django check boxes": "django/forms/widgets/checkbox_select.html",
            "django errors": "django/forms/errors/list/default.html",
        },
        _run,
        ("django",),
    ),
)
