"""Spans: one for each render and message, in the trace that is open, with what went wrong."""

import asyncio
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import blendtpl
from blendtpl.errors import ConfigError
from blendtpl.metrics import measure, traced

SOURCES = {
    "page.html": "{% block main %}<b>{{ x }}</b>{% endblock %}{{ note() }}",
    "fails.html": "{{ missing.name }}",
    "long.html": "{% for x in xs %}{{ '-' * 9000 }}{{ 1 / x }}{% endfor %}",
    "hello/subject.txt": "Hello {{ name }}",
    "hello/body.txt": "Dear {{ name }}",
}
TO: Any = {"to": ["ada@example.org"], "sender": "Feedwhip <alerts@feedwhip.example>"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("traced") / "app.blend"
    blendtpl.compile(SOURCES).write(file)
    return file


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(exporter))
    yield made
    made.shutdown()


@pytest.fixture(params=["plain", "measured"])
def registry(request: pytest.FixtureRequest, file: Path, provider: TracerProvider) -> blendtpl.Registry:
    plain = blendtpl.load(file)
    return traced(measure(plain) if request.param == "measured" else plain, tracer_provider=provider)


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


def test_a_render_is_a_span_with_the_template_and_the_digest(
    registry: blendtpl.Registry, exporter: InMemorySpanExporter, provider: TracerProvider
) -> None:
    with provider.get_tracer("application").start_as_current_span("request") as around:
        text = registry.render("page.html", x=1, note=lambda: trace.get_current_span().get_span_context().span_id)
    span = exporter.get_finished_spans()[0]
    assert (span.name, span.attributes) == (
        "render page.html",
        {"blendtpl.template": "page.html", "blendtpl.digest": registry.digest},
    )
    assert span.parent is not None
    assert span.parent.span_id == around.get_span_context().span_id
    assert span.context is not None
    assert text == f"<b>1</b>{span.context.span_id}"
    assert span.status.is_unset


async def _pieces(stream: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in stream])


@pytest.mark.parametrize(
    "way",
    [
        lambda registry: registry.render("page.html", {"x": 1, "note": str}),
        lambda registry: registry["page.html"].render(x=1, note=str),
        lambda registry: registry.get_template("page.html").render(x=1, note=str),
        lambda registry: "".join(registry["page.html"].stream(x=1, note=str)),
        lambda registry: registry["page.html"].render_block("main", x=1),
        lambda registry: registry["page.html"].render_blocks(["main"], x=1),
        lambda registry: asyncio.run(registry.render_async("page.html", x=1, note=str)),
        lambda registry: asyncio.run(registry["page.html"].render_block_async("main", x=1)),
        lambda registry: asyncio.run(_pieces(registry["page.html"].stream_async(x=1, note=str))),
    ],
)
def test_whatever_renders_is_one_span(way: Any, registry: blendtpl.Registry, exporter: InMemorySpanExporter) -> None:
    assert way(registry) == "<b>1</b>"
    assert only(exporter).name == "render page.html"


def test_a_block_is_told(registry: blendtpl.Registry, exporter: InMemorySpanExporter) -> None:
    registry["page.html"].render_block("main", x=1)
    assert (only(exporter).attributes or {})["blendtpl.block"] == "main"


def test_an_error_is_recorded_and_comes_out_as_it_is(
    file: Path, registry: blendtpl.Registry, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(blendtpl.UndefinedError) as expected:
        blendtpl.load(file).render("fails.html")
    with pytest.raises(blendtpl.UndefinedError) as caught:
        registry.render("fails.html")
    assert str(caught.value) == str(expected.value)
    assert caught.value.__context__ is None
    span = only(exporter)
    assert not span.status.is_ok
    assert not span.status.is_unset
    (event,) = span.events
    assert (event.attributes or {})["exception.type"] == "blendtpl.errors.UndefinedError"


def test_a_stream_is_a_span_until_it_is_closed(registry: blendtpl.Registry, exporter: InMemorySpanExporter) -> None:
    pieces = registry["long.html"].stream(xs=[1, 2, 3])
    next(pieces)
    assert not exporter.get_finished_spans()
    assert trace.get_current_span() is trace.INVALID_SPAN  # while somebody works with a piece
    del pieces
    assert only(exporter).status.is_unset
    exporter.clear()
    with pytest.raises(ZeroDivisionError):
        list(registry["long.html"].stream(xs=[1, 0]))
    assert [event.name for event in only(exporter).events] == ["exception"]


def test_a_message_is_a_span(registry: blendtpl.Registry, exporter: InMemorySpanExporter) -> None:
    assert registry.message("hello", name="Ada", **TO).subject == "Hello Ada"
    span = only(exporter)
    assert span.name == "message hello"
    assert (span.attributes or {})["blendtpl.message"] == "hello"
    exporter.clear()
    with pytest.raises(blendtpl.MessageError):
        registry.message("hello", name="Ada")
    assert [event.name for event in only(exporter).events] == ["exception"]


def test_a_registry_may_be_measured_and_traced(file: Path, provider: TracerProvider) -> None:
    measured = measure(blendtpl.load(file))
    registry = traced(measured, tracer_provider=provider)
    registry.render("page.html", x=1, note=str)
    registry.message("hello", name="Ada", **TO)
    assert measured.metrics.templates()["page.html"].renders == 1
    assert measured.metrics.messages()["hello"].renders == 1
    with pytest.raises(ConfigError, match="measure the registry first"):
        measure(registry)


def test_it_travels_where_it_has_the_global_provider(file: Path, provider: TracerProvider) -> None:
    registry = traced(blendtpl.load(file))
    assert registry.render("hello/subject.txt", name="Ada") == "Hello Ada"  # without a provider there is no span
    for arrived in (
        pickle.loads(pickle.dumps(registry)),
        pickle.loads(pickle.dumps(registry["page.html"]))._generation.registry,
    ):
        assert type(arrived) is type(registry)
        assert arrived.digest == registry.digest
    with pytest.raises(ConfigError, match="use the global"):
        pickle.dumps(traced(blendtpl.load(file), tracer_provider=provider))


def test_what_is_no_registry_is_told() -> None:
    with pytest.raises(ConfigError, match=r"only a registry can be traced, .* not a dict"):
        traced({})  # type: ignore[arg-type]


def test_measuring_imports_no_library_and_tracing_says_what_to_install(file: Path) -> None:
    script = """
import sys
import blendtpl.metrics
libraries = ("prometheus_client", "opentelemetry", "matplotlib")
measured = blendtpl.metrics.measure(blendtpl.load(sys.argv[1]))
measured.render("hello/subject.txt", name="Ada")
print([name for name in libraries if name in sys.modules])
sys.modules["opentelemetry"] = None
try:
    blendtpl.metrics.traced(measured)
except blendtpl.ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[]\ntracing needs `opentelemetry`: install blendtpl with the extra `otel`")


def test_a_render_to_bytes_is_a_span_like_one_to_a_text(
    registry: blendtpl.Registry, exporter: InMemorySpanExporter
) -> None:
    assert registry["hello/subject.txt"].render_bytes(name="Zoé") == "Hello Zoé".encode()
    assert only(exporter).name == "render hello/subject.txt"
