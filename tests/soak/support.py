"""What the tests of soaks share."""

from collections.abc import Mapping
from typing import Any

import blendtpl
from blendtpl.tools.contexts import Sample
from blendtpl.tools.soak.run import Soak, soak
from tests.soak import planted

HERE = "tests.soak.planted"
USER = {"user": {"name": "Ada", "email": "ada@example.org", "tags": ["a", "b"]}, "total": 1250, "share": 0.5}


def soaked(templates: Mapping[str, str], variables: Mapping[str, Any] = USER, **options: Any) -> Soak:
    """Return what comes of templates with the planted filters: each has one example, but for `part.html`."""
    environment = planted.environment()
    registry = blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)
    contexts = {name: (Sample("the example", dict(variables), example=True),) for name in templates}
    contexts.pop("part.html", None)
    return soak(registry, contexts, **options)
