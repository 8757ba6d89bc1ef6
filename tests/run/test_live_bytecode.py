"""Code in a bytecode cache: what a live environment finds there was made by the same compiler for the same options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2.bccache import Bucket, BytecodeCache

import blendtpl
from blendtpl import live, live_bytecode

_TEMPLATES = {"t": "{% for a in xs %}<{{ a|upper }}>{% endfor %}"}


class _Kept(BytecodeCache):
    """A cache in memory that says what was found and what was written."""

    def __init__(self) -> None:
        self.kept = dict[str, bytes]()
        self.found = list[str]()

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            self.found.append(bucket.key)
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


def _rendered(cache: BytecodeCache, **options: Any) -> str:
    environment = blendtpl.Environment(loader=jinja2.DictLoader(_TEMPLATES), bytecode_cache=cache, **options)
    return environment.get_template("t").render(xs=["a"])


def test_code_of_the_same_compiler_for_the_same_options_is_found() -> None:
    cache = _Kept()
    assert [_rendered(cache), _rendered(cache)] == ["<A>", "<A>"]
    assert len(cache.kept) == len(cache.found) == 1


@pytest.mark.parametrize(
    ("module", "what", "value"),
    [
        (live_bytecode, "__version__", "0.0.1"),
        (live_bytecode, "ACTIVE", None),
        (live_bytecode, "compiler_digest", lambda: "another state of it"),
        (jinja2, "__version__", "3.0.0"),
    ],
)
def test_code_of_another_compiler_is_not_found(
    monkeypatch: pytest.MonkeyPatch, module: Any, what: str, value: Any
) -> None:
    cache = _Kept()
    monkeypatch.setattr(module, what, value)
    _rendered(cache)
    monkeypatch.undo()
    assert _rendered(cache) == "<A>"
    assert len(cache.kept) == 2
    assert not cache.found


@pytest.mark.parametrize(
    "options",
    [{"autoescape": True}, {"undefined": jinja2.StrictUndefined}, {"trim_blocks": True}, {"finalize": str}],
    ids=str,
)
def test_code_for_other_options_is_not_found(options: dict[str, Any]) -> None:
    cache = _Kept()
    assert [_rendered(cache), _rendered(cache, **options)] == ["<A>", "<A>"]
    assert len(cache.kept) == 2
    assert not cache.found


def test_code_for_another_filter_of_a_name_is_not_found() -> None:
    cache = _Kept()
    _rendered(cache)
    environment = blendtpl.Environment(loader=jinja2.DictLoader(_TEMPLATES), bytecode_cache=cache)
    environment.filters["upper"] = jinja2.pass_context(lambda context, value: f"{value}{context.name}")
    assert environment.get_template("t").render(xs=["a"]) == "<at>"
    assert len(cache.kept) == 2


@pytest.mark.parametrize("kind", [blendtpl.Environment, jinja2.Environment])
def test_code_of_either_engine_is_left_to_it_in_a_folder_of_both(
    tmp_path: Path, kind: Callable[..., jinja2.Environment]
) -> None:
    cache = jinja2.FileSystemBytecodeCache(str(tmp_path))
    for make in (jinja2.Environment, blendtpl.Environment, kind):
        environment = make(loader=jinja2.DictLoader(_TEMPLATES), bytecode_cache=cache)
        assert environment.get_template("t").render(xs=["a"]) == "<A>"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_cache_of_an_environment_is_what_it_was_given_to_whoever_asks() -> None:
    cache = _Kept()
    environment = blendtpl.Environment(bytecode_cache=cache)
    assert isinstance(environment.bytecode_cache, _Kept)
    assert environment.bytecode_cache.kept is cache.kept
    overlay = environment.overlay()
    overlay.bytecode_cache = environment.bytecode_cache
    assert isinstance(overlay, live.Environment)
    assert overlay.bytecode_cache.kept is cache.kept
    environment.bytecode_cache = None
    assert environment.bytecode_cache is None
