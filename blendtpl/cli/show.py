"""``blendtpl list``: what is in a bundle."""

import sys
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from blendtpl.bundle.archive import Bundle, open_bundle, read_bundle
from blendtpl.bundle.manifest import thaw
from blendtpl.cli.common import (
    errors_as_text,
    key_option,
    read_key,
    say,
    say_json,
)
from blendtpl.errors import CertificateError
from blendtpl.printable import one_line
from blendtpl.tools.soak.report import Certificate, beside, read_certificate

_FILE_WIDTH = 200  # columns of a table that goes to a file or a pipe

_bundle_argument = click.argument("bundle", type=click.Path(path_type=Path))


@click.command("list")
@_bundle_argument
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@key_option
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    help="What `blendtpl soak` wrote of the bundle.  [default: BUNDLE.soak.json]",
)
def list_command(bundle: Path, style: str, key_file: Path | None, certificate: Path | None) -> None:
    """List the templates and messages of a bundle, and what a soak has shown of it. Nothing of it is run."""
    with errors_as_text():
        opened = open_bundle(read_bundle(bundle), key=read_key(key_file))
        soaked = _certificate(certificate or beside(bundle), required=certificate is not None)
        if style == "json":
            shown = {"digest": opened.digest, "size": len(opened.data), "templates": _rows(opened)}
            say_json({**shown, "messages": _messages(opened), "soak": soaked and _fields(soaked, opened)})
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("template", no_wrap=True)
        for heading in ("variables", "blocks", "refers to"):
            table.add_column(heading)
        for row in _rows(opened):
            parts = (row["name"], *(", ".join(row[part]) for part in ("variables", "blocks", "references")))
            table.add_row(*(Text(one_line(part)) for part in parts))  # no text, in which brackets would mean something
        console = Console(width=None if sys.stdout.isatty() else _FILE_WIDTH)
        console.print(table)
        if opened.manifest.messages:
            console.print(_table_of_messages(opened))
        count = len(opened.manifest.templates)
        say(f"{count} template{'s'[: count != 1]}, {len(opened.data)} bytes, sha256 {opened.digest}")
        if soaked is not None:
            say(_soak(soaked, opened))


def _messages(bundle: Bundle) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "parts": dict(entry.parts),
            "template": entry.template,
            "category": entry.category,
            "headers": dict(entry.headers),
            "fields": thaw(entry.fields),
            "images": [image for image, *_ in entry.images],
            "unsubscribe": entry.unsubscribe,
        }
        for name, entry in bundle.manifest.messages.items()
    ]


def _table_of_messages(bundle: Bundle) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("message", no_wrap=True)
    for heading in ("parts", "images", "says"):
        table.add_column(heading)
    for row in _messages(bundle):
        parts = [part for part in ("subject", "text", "html") if part in row["parts"]]
        says = [*row["fields"], *row["headers"], *(["unsubscribe"] if row["unsubscribe"] else [])]
        cells = (row["name"], ", ".join(parts), ", ".join(row["images"]), ", ".join(says))
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    return table


def _certificate(path: Path, *, required: bool) -> Certificate | None:
    """Return the certificate in a file; what is wrong with it is told, and is no reason to tell nothing else."""
    try:
        certificate = read_certificate(path)
    except CertificateError as error:
        say(f"warning: {error}; `blendtpl soak` writes it anew", err=True)
        return None
    if certificate is None and required:
        say(f"warning: there is no certificate `{path}`; `blendtpl soak` writes one", err=True)
    return certificate


def _soak(certificate: Certificate, bundle: Bundle) -> str:
    if certificate.digest != bundle.digest:
        return (
            f"not soaked: the certificate is of another bundle, sha256 {certificate.digest}; `blendtpl soak` writes one"
        )
    count = len(certificate.unsound)
    result = (
        f"{count} grew or could not be soaked: {', '.join(map(one_line, _unsound(certificate, bundle)))}"
        if count
        else "none grew"
    )
    versions = ", ".join(f"{name} {version}" for name, version in sorted(certificate.versions.items()))
    which = "all" if certificate.templates == len(bundle.manifest.templates) else f"{certificate.templates} of them"
    return f"soaked on {certificate.date[:10]}, {certificate.renders:,} renders of {which}: {result} ({versions})"


def _fields(certificate: Certificate, bundle: Bundle) -> dict[str, Any]:
    return {
        "matches": certificate.digest == bundle.digest,
        "digest": certificate.digest,
        "date": certificate.date,
        "renders": certificate.renders,
        "passed": not certificate.unsound,
        "unsound": _unsound(certificate, bundle),
        "versions": dict(certificate.versions),
    }


def _unsound(certificate: Certificate, bundle: Bundle) -> list[str]:
    """Return the templates that grew, as far as the bundle has them: what else a certificate says need not be so."""
    return [name for name in certificate.unsound if name in bundle.manifest.templates]


def _rows(bundle: Bundle) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "digest": entry.digest,
            "autoescape": entry.autoescape,
            "size": entry.size,
            "references": list(dict.fromkeys(target for reference in entry.references for target in reference.names)),
            "blocks": list(entry.blocks),
            "variables": list(entry.variables),
        }
        for name, entry in bundle.manifest.templates.items()
    ]
