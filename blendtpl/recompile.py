"""Recompiling: a bundle of another Python or Jinja2, made anew of the sources inside it.

Enters: a bundle that passed every check but the one for its versions, and the environment that it fits. Leaves: a
bundle of the same templates for this process. The code that is inside is not looked at: that of another Python must
never be unmarshalled. The compiler is imported when versions differ and the caller asked for this, and not before.
"""

import hashlib
import json

import jinja2

from blendtpl.bundle.archive import NO_SOURCES, Bundle, check_versions
from blendtpl.errors import BundleError, CompileError
from blendtpl.extras import not_installed
from blendtpl.runtime.speedups import ACTIVE


def recompiled(bundle: Bundle, environment: jinja2.Environment) -> Bundle:
    """Return a bundle of the same templates that this process can run.

    Raises `BundleError` when its sources were left out, or are not those that it was compiled from, when the build half
    is not installed, and with every fault of every template when they do not compile any more.
    """
    if not bundle.sources:
        check_versions(bundle.manifest.versions, NO_SOURCES)
    sources = _sources(bundle)
    try:
        from blendtpl.compiler.build import build
        from blendtpl.compiler.frontend.reader import Source
    except ImportError as error:
        raise BundleError(f"{not_installed('compiling a bundle of other versions again', error)}") from None
    entries = bundle.manifest.templates
    read = [Source(name, text, entries[name].digest, entries[name].root) for name, text in sources.items()]
    try:
        messages = bundle.manifest.messages, bytes(bundle.files)
        return build(
            read or {},
            environment=environment,
            speedups=ACTIVE,
            messages=messages,
            catalogues=bundle.manifest.catalogues,
        ).bundle
    except CompileError as error:
        raise BundleError(f"the bundle is of other versions, and with these it does not compile:\n{error}") from error


def _sources(bundle: Bundle) -> dict[str, str]:
    try:
        texts = json.loads(bundle.sources)
    except (ValueError, RecursionError):
        texts = None
    entries = bundle.manifest.templates
    if not isinstance(texts, dict) or texts.keys() != entries.keys():
        raise BundleError("the bundle is of other versions, and its sources are not those of its templates")
    for name, text in texts.items():
        if not isinstance(text, str) or _digest(text) != entries[name].digest:
            raise BundleError(
                f"the bundle is of other versions, and the source of `{name}` in it is not the one that was compiled"
            )
    return texts


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
