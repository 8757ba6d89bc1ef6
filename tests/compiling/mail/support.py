"""Messages of a few lines, and what becomes of them."""

import jinja2

from blendtpl.bundle.environment import default_environment
from blendtpl.compiler.frontend.reader import Source, read
from blendtpl.compiler.mail.css import Note, inline

BODY = "mail/body.html"


def read_sources(texts: dict[str, str], environment: jinja2.Environment | None = None) -> dict[str, Source]:
    found, wrong = read(texts, environment or default_environment())
    assert wrong == []
    return {source.name: source for source in found}


def inlined(
    texts: dict[str, str], *messages: str, environment: jinja2.Environment | None = None
) -> tuple[dict[str, str], list[Note]]:
    """Return all texts as they are after inlining, with as many lines as before, and the notes."""
    environment = environment or default_environment()
    sources = read_sources(texts, environment)
    changed, notes = inline(sources, messages or (BODY,), environment)
    new = {name: changed.get(name, source).text for name, source in sources.items()}
    for name, source in sources.items():
        assert new[name].count("\n") == source.text.count("\n"), name
    return new, notes


def rendered(texts: dict[str, str], /, **context: object) -> str:
    """Return the render of the message by Jinja2."""
    environment = default_environment()
    environment.loader = jinja2.DictLoader(texts)
    return environment.get_template(BODY).render(context)
