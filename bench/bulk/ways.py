"""The ways to render a file of rows, each taken by a process: ``python -m bench.bulk.ways WAY FOLDER FILE OUT JOBS``.

Enters: a folder with `bundle.blend`, and the name of a Parquet file in it. Leaves: Parquet files with the same texts.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq

import blendtpl
from blendtpl.bulk.planning import Request, plan_job
from blendtpl.bulk.pool import Pool, Run
from blendtpl.bulk.run import at_work, local_runner, run_job
from blendtpl.bulk.sources import Chunk
from blendtpl.bulk.work import Done, Work

ENTRY = "mail.html"
SITE = {"site": "https://feedwhip.example", "product": "Feedwhip"}
TEMPLATES = {
    "layout.html": """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{% block title %}{{ product }}{% endblock %}</title></head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td><a href="{{ site }}"><img src="{{ site }}/logo.png" width="120" alt="{{ product }}"></a></td></tr>
<tr><td style="padding:24px">{% block content %}{% endblock %}</td></tr>
<tr><td>{% include "footer.html" %}</td></tr>
</table></body></html>
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because {{ email }} watches this page.
<a href="{{ site }}/watches/{{ watch_id }}/pause">Pause</a> or
<a href="{{ site }}/unsubscribe?t={{ token }}">unsubscribe</a>.</p>
""",
    "macros.html": """\
{% macro button(href, label) %}\
<a href="{{ href }}" style="background:#0066cc;color:#ffffff">{{ label }}</a>{% endmacro %}
""",
    ENTRY: """\
{% extends "layout.html" %}
{% from "macros.html" import button %}
{% block title %}{{ watch_title }} changed{% endblock %}
{% block content %}
<p>Hello {{ name }},</p>
<p>We looked at <a href="{{ watch_url }}">{{ watch_title }}</a> on {{ day.strftime("%d.%m.%Y") }}.</p>
<p>Of it {{ percent }} % have changed.</p>
{% if note %}<p class="note">{{ note }}</p>{% endif %}
{% for line in changes %}<pre>{{ loop.index }} {{ line }}</pre>
{% endfor %}
{{ button(watch_url, "See the page") }}
{% endblock %}
""",
}


def rendering(way: str, folder: Path) -> Callable[[dict[str, Any]], str]:
    """Return the function from a row to its text, by blendtpl or by Jinja2."""
    if way.endswith("jinja2"):
        made = blendtpl.default_environment().overlay(
            loader=jinja2.DictLoader(TEMPLATES), auto_reload=False, cache_size=-1
        )
        template = made.get_template(ENTRY)
        return lambda row: template.render(SITE, **row)
    compiled = blendtpl.load(folder / "bundle.blend")[ENTRY]
    return lambda row: compiled.render(SITE, row)


def loop(render: Callable[[dict[str, Any]], str], source: Path, out: Path, *, write: bool) -> None:
    """Render as somebody would who writes the loop by hand; without `write`, throw the texts away."""
    out.mkdir()
    schema = pa.schema([("row", pa.int64()), ("text", pa.string())])
    number = 0
    with pq.ParquetWriter(out / "all.parquet", schema, compression="zstd", use_dictionary=False) as writer:
        for batch in pq.ParquetFile(source).iter_batches(batch_size=1000, use_threads=False):
            texts = [render(row) for row in batch.to_pylist()]
            if write:
                numbers = pa.array(range(number + 1, number + 1 + len(texts)), pa.int64())
                writer.write_batch(pa.record_batch([numbers, pa.array(texts, pa.string())], schema=schema))
            number += len(texts)


def pool(way: str, folder: Path, source: Path, out: Path, jobs: int) -> None:
    """Render by the processes of bulk; by Jinja2, where the way says so."""
    registry = blendtpl.load(folder / "bundle.blend")
    request = Request(name=ENTRY, source=source, constants=SITE)
    job = plan_job(request, registry, blendtpl.default_environment())
    render = rendering(way, folder)

    def begin() -> Run:
        work = Work(job, registry, out)
        work._make = render
        return work.run

    def run(chunks: Sequence[Chunk]) -> Iterator[Done]:
        yield from Pool(begin, jobs).run(chunks)

    runner = run if way.endswith("jinja2") else local_runner(job, registry, out, jobs)
    with at_work(out):
        run_job(job, out, runner)


def main(way: str, folder: Path, source: str, out: str, jobs: str) -> None:
    """Take one way."""
    if way.startswith("pool"):
        pool(way, folder, folder / source, folder / out, int(jobs))
    else:
        loop(rendering(way, folder), folder / source, folder / out, write=not way.startswith("loop, not written"))
    sys.stdout.flush()
    os._exit(0)  # what ends an interpreter is no part of it


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:6])
