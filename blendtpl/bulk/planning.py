"""Planning: from what somebody asks for to a job, or to what is wrong with it, before anything is written.

Enters: a registry, the name of a template or message, a file of rows, and options. Leaves: a `Job`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl.bulk.columns import check_chosen, check_columns, columns_to_read, templates_of, variables_of
from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.formats import kind_of_input, open_source
from blendtpl.bulk.job import FORMATS, OF_MESSAGES, Job, Plan
from blendtpl.bulk.message_fields import check_fields, with_recipient
from blendtpl.bulk.outputs import output_of
from blendtpl.bulk.sources import Identity, Source
from blendtpl.errors import BlockNotFound, TemplateNotFound
from blendtpl.runtime.registry import Registry

ROWS_PER_CHUNK = 5000


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Fields are as in `blendtpl.bulk.job.Plan`; `None` and nothing stand for what is usual.

    `optional` are names that the templates read and that there may not be. `environment` is the name of one, as
    ``module:name``.
    """

    name: str
    source: Path
    kind: str | None = None
    output: str | None = None
    block: str | None = None
    constants: Mapping[str, Any] = field(default_factory=_nothing)
    optional: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=_nothing)
    fixed: Mapping[str, str] = field(default_factory=_nothing)
    file_name: str | None = None
    compression: str = "zstd"
    rows_per_chunk: int | None = None
    environment: str | None = None


def plan_job(request: Request, registry: Registry, environment: jinja2.Environment, before: Job | None = None) -> Job:
    """Return the job for a request. Of one that was begun `before`, chunks and digest need not be made again where the
    input is the same.

    Raises `BulkError` for what cannot be, `MissingColumnsError` for columns that there are not, and `TemplateNotFound`.
    """
    kind = kind_of_input(request.source, request.kind)
    source = open_source(request.source, kind)
    plan = _plan(request, registry, environment, source)
    output_of(plan, getattr(source, "type_of", None))  # or what it cannot do would be told by each process
    identity = Identity.of(request.source, None if before is None else before.source)
    rows = request.rows_per_chunk or (before.rows_per_chunk if before else ROWS_PER_CHUNK)
    if before is not None and (before.source.digest, before.kind, before.rows_per_chunk) == (
        identity.digest,
        kind,
        rows,
    ):
        chunks = before.chunks
    else:
        chunks = tuple(source.chunks(rows))
    return Job(identity, kind, registry.digest, request.environment, plan, rows, chunks)


def _plan(request: Request, registry: Registry, environment: jinja2.Environment, source: Source) -> Plan:
    path, columns = str(request.source), source.columns()
    message = _is_message(request, registry)
    output = request.output or ("eml" if message else "parquet")
    _check_output(request, output, message=message)
    if source.sampled and not columns:
        columns = tuple({*variables_of(registry, templates_of(registry, request.name, message=message))})
    fields = dict(request.fields)
    if message:
        check_fields([*fields, *request.fixed])
        if not {"to", "cc", "bcc"} & {*fields, *request.fixed}:
            fields["to"] = with_recipient(path, columns)
    elif request.fields or request.fixed:
        raise BulkError(f"`{request.name}` is a template, and not a message: it has no fields such as `to`")
    for option, chosen in (
        ("--keep", request.keep),
        ("a field of the message", tuple(fields.values())),
        ("--file-name", () if request.file_name is None else (request.file_name,)),
    ):
        check_chosen(path, option, chosen, columns)
    templates = templates_of(registry, request.name, message=message)
    wanted = variables_of(registry, templates)
    check_columns(path, request.name, wanted, columns, {*request.constants, *request.optional})
    more = {*request.keep, *fields.values(), *({request.file_name} if request.file_name else ())}
    read = columns_to_read(registry, templates, environment, more)
    return Plan(
        name=request.name,
        output=output,
        message=message,
        block=request.block,
        constants=MappingProxyType(dict(request.constants)),
        columns=None if read is None else tuple(sorted(read)),
        keep=request.keep,
        fields=MappingProxyType(fields),
        fixed=MappingProxyType(dict(request.fixed)),
        file_name=request.file_name,
        compression=request.compression if output == "parquet" else "none",
    )


def _is_message(request: Request, registry: Registry) -> bool:
    """Return whether a message is meant: a template with the blocks of one may be meant as either."""
    message, template = request.name in registry.messages, request.name in registry
    if message and request.block is None:
        return not template or request.output in OF_MESSAGES or bool(request.fields or request.fixed)
    if not template:
        raise TemplateNotFound(request.name, {*registry, *registry.messages})
    if request.block is not None and request.block not in registry[request.name].blocks:
        raise BlockNotFound(request.name, request.block, registry[request.name].blocks)
    return False


def _check_output(request: Request, output: str, *, message: bool) -> None:
    if output not in FORMATS:
        raise BulkError(f"there is no output `{output}`; there are {', '.join(FORMATS)}")
    if output in OF_MESSAGES and not message:
        raise BulkError(f"`{request.name}` is a template, and `{output}` is for messages: write it as `files`")
    if request.file_name is not None and output not in ("eml", "files"):
        raise BulkError(f"`{output}` has no file for each row, which `--file-name` would name")
    if request.keep and output not in ("parquet", "jsonl"):
        raise BulkError(f"`{output}` has no columns, in which what `--keep` names could be")
