"""Basis: what the rules go by, made once for a build: settings, the support of clients, a reader of CSS."""

from dataclasses import dataclass

from blendtpl.compiler.mail.lint import features, support
from blendtpl.compiler.mail.lint.css import Reader
from blendtpl.compiler.mail.lint.settings import Settings
from blendtpl.compiler.mail.lint.support import Support


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rules go by."""

    settings: Settings
    support: Support
    css: Reader


def basis(settings: Settings) -> Basis:
    """Return what the rules go by with these settings."""
    client_support = support.load(settings.clients)
    return Basis(settings, client_support, Reader(features.properties(client_support.features)))
