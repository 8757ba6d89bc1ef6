"""Pages: the preview's own pages, of templates that are in this package.

Enters: a workspace and what somebody asks to see. Leaves: HTML, whole or the pieces that have changed. The templates
are compiled with `blendtpl.compile` when the preview starts, as those of any application are.
"""

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl import compile as compile_templates
from blendtpl import load
from blendtpl.bundle.environment import with_defaults
from blendtpl.errors import CompileError, ConfigError, by_place
from blendtpl.preview import facts
from blendtpl.preview.catalogue import MESSAGE, PAGE, Item, templates_of, variables_of
from blendtpl.preview.example_files import ExampleError, ExampleFile, open_examples, read_context
from blendtpl.preview.languages import in_language
from blendtpl.preview.rendering import RECIPIENT, Failure, Rendered, fault_shown, render
from blendtpl.preview.workspace import State, Workspace
from blendtpl.runtime.registry import Registry

_KEPT = 64  # renders that frames and downloads may ask for
_HERE = Path(__file__).parent
TABS = {
    "example": "Example",
    "html": "HTML",
    "text": "Text",
    "source": "As sent",
    "headers": "Headers",
    "size": "Size",
    "lint": "Lint",
    "variables": "Variables",
}

# what the templates read, where there is nothing of it
_NOTHING: Mapping[str, Any] = MappingProxyType(
    {
        "error": None,
        "faults": (),
        "rendered": Rendered(),
        "token": "",
        "recipient": RECIPIENT,
        "beginning": "",
        "remote": 0,
        "tabs": {},
        "tab": "example",
        "opened": None,
        "text": "",
        "file": "",
        "skeleton": "",
        "problem": None,
        "changed": False,
        "conflict": False,
        "warnings": None,
        "elsewhere": 0,
        "lines": (),
        "headers": (),
        "sizes": (),
        "variables": (),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to see. `text` is what they have made of the example, whose file then had that `digest`;
    `editing` says that they see it in a field already, which must not be taken from under their hands.
    """

    item: str = ""
    example: str = ""
    language: str = ""
    tab: str = "example"
    text: str | None = None
    digest: str = ""
    editing: bool = False


class Renders:
    """The last renders, by a token that nobody can guess."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[str, Rendered]] = OrderedDict()

    def keep(self, name: str, rendered: Rendered) -> str:
        """Keep what was rendered, called `name`, and return its token."""
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[token] = name, rendered
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return token

    def get(self, token: str) -> tuple[str, Rendered] | None:
        """Return what was kept by that token, and what it is called, as long as it is."""
        with self._lock:
            return self._kept.get(token)


def own_templates(cache: Path | None) -> Registry:
    """Return the templates of these pages, compiled with that build cache."""
    environment = with_defaults(jinja2.Environment, {"trim_blocks": True, "lstrip_blocks": True})
    return load(compile_templates(_HERE / "templates", environment=environment, cache=cache), environment=environment)


class Pages:
    """Makes the pages of one workspace."""

    def __init__(self, workspace: Workspace, templates: Registry) -> None:
        self._templates = templates
        self.workspace, self.renders = workspace, Renders()

    def page(self, asked: Asked) -> str:
        """Return the whole page."""
        state = self.workspace.state
        view = self._view(state, asked)
        return self._templates.render("page.html", view, self._list(state, view["asked"]))

    def items(self, asked: Asked) -> str:
        """Return the list of what there is."""
        return self._templates.render("items.html", self._list(self.workspace.state, asked))

    def stage(self, asked: Asked) -> str:
        """Return the pieces that show one item with one example."""
        return self._templates.render("stage.html", self._view(self.workspace.state, asked))

    def _list(self, state: State, asked: Asked) -> dict[str, Any]:
        # a template without examples may be a part that others choose when they are rendered
        shown = [item for item in state.items.values() if item.kind == MESSAGE or item.file]
        groups = [
            ("E-mails", [item for item in shown if item.kind == MESSAGE]),
            ("Pages", [item for item in shown if item.kind == PAGE]),
            ("Without examples", [item for item in state.items.values() if item not in shown]),
        ]
        return {"groups": groups, "asked": asked}

    def _view(self, state: State, asked: Asked) -> dict[str, Any]:
        """Return what the templates of the stage read."""
        item = state.items.get(asked.item) or (next(iter(state.items.values()), None) if not asked.item else None)
        view = {**_NOTHING, "asked": asked, "state": state, "item": item}
        if state.error is not None:
            return {**view, **self._broken(state)}
        if item is None:
            return view
        return {**view, **self._shown(state, item, asked)}

    def _broken(self, state: State) -> dict[str, Any]:
        error = state.error
        if not isinstance(error, CompileError):
            return {"error": str(error)}
        sources = self._sources({fault.name for fault in error.faults})
        return {"error": "", "faults": [fault_shown(fault, sources) for fault in by_place(error.faults)]}

    def _sources(self, names: set[str]) -> dict[str, str]:
        """Return the texts of templates as they are in their folders now, as far as they are in any."""
        texts = {}
        for name in names:
            for folder in self.workspace.project.folders:
                path = Path(folder, name)
                if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                    texts[name] = path.read_text(encoding="utf-8", errors="replace")
                    break
        return texts

    def _shown(self, state: State, item: Item, asked: Asked) -> dict[str, Any]:
        registry = self.workspace.registry(state, asked.language)
        assert registry is not None  # noqa: S101  # where there are items there is one
        opened, failure = _opened(item)
        example = asked.example if asked.example in item.examples else next(iter(item.examples), "")
        asked = Asked(item.name, example, asked.language, asked.tab, asked.text, asked.digest, asked.editing)
        reads = variables_of(registry, item)
        stands = opened.example(example) if opened is not None and example in opened.spans else _skeleton(reads)
        text = stands if asked.text is None else asked.text
        view: dict[str, Any] = {
            "asked": asked,
            "opened": opened,
            "text": text,
            "changed": text != stands,
            "conflict": opened is not None and asked.text is not None and asked.digest not in {"", opened.digest},
            "file": self.workspace.project.shown(item.file) if item.file else item.missing,
            "skeleton": _skeleton(reads),
        }
        if failure is not None:
            return {**view, "rendered": Rendered(failure=failure)}
        try:
            context = read_context(text)
        except ExampleError as error:
            return {**view, "problem": error, "tabs": {"example": TABS["example"]}, "tab": "example"}
        if asked.language:
            context = in_language(context, asked.language, reads)
        rendered = render(registry, item, context, asked.language)
        tabs = _tabs(item, rendered)
        tab = asked.tab if asked.tab in tabs else "example"
        file = "-".join(part for part in (*item.name.split("/"), example) if part)
        view |= {"rendered": rendered, "tabs": tabs, "tab": tab, "token": self.renders.keep(file, rendered)}
        view["remote"] = facts.remote_images(rendered.html or "")
        if item.kind == MESSAGE:
            view["beginning"] = facts.beginning(rendered)
        return {**view, **self._warnings(state, item, registry), **_tab(tab, item, rendered, context, registry)}

    def _warnings(self, state: State, item: Item, registry: Registry) -> dict[str, Any]:
        if state.warnings is None:
            return {"warnings": None}
        own = templates_of(registry, item)
        mine = [warning for warning in state.warnings if warning.name in own]
        sources = {warning.name: registry[warning.name].source or "" for warning in mine}
        return {
            "warnings": [fault_shown(warning, sources) for warning in mine],
            "elsewhere": len(state.warnings) - len(mine),
        }


def _opened(item: Item) -> tuple[ExampleFile | None, Failure | None]:
    if item.file is None:
        return None, None
    try:
        return open_examples(item.file), None
    except ConfigError as error:
        return None, Failure("The examples cannot be read", str(error))


def _skeleton(names: tuple[str, ...]) -> str:
    return json.dumps(dict.fromkeys(names, ""), indent=2, ensure_ascii=False)


def _tabs(item: Item, rendered: Rendered) -> dict[str, str]:
    missing = {
        "html": rendered.html is None,
        "text": rendered.text is None,
        "source": rendered.message is None,
        "headers": rendered.message is None,
        "size": rendered.failure is not None,
    }
    return {name: title for name, title in TABS.items() if not missing.get(name)}


def _tab(tab: str, item: Item, rendered: Rendered, context: dict[str, Any], registry: Registry) -> dict[str, Any]:
    """Return what one tab shows; the others are made when somebody opens them."""
    if tab == "html":
        return {"lines": facts.coloured(rendered.html or "")}
    if tab == "text":
        return {"lines": [[("", line)] for line in (rendered.text or "").split("\n")]}
    if tab == "source":
        sent = (rendered.message or b"").decode("utf-8", "replace").replace("\r\n", "\n")
        return {"lines": [[("", line)] for line in sent.split("\n")]}
    if tab == "headers":
        return {"headers": facts.headers(rendered.message or b"")}
    if tab == "size":
        return {"sizes": facts.sizes(rendered)}
    return {"variables": facts.variables(registry, item, context)} if tab == "variables" else {}
