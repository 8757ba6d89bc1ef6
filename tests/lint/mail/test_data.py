"""The data of mail clients: it is what its source says, and each feature in it is looked for, or known as harmless."""

import hashlib
import io
import json
import re
import subprocess
import tarfile
from base64 import b64encode
from importlib.resources import files
from pathlib import Path

import pytest

from blendtpl.compiler.mail.lint import features, renew, support
from blendtpl.compiler.mail.lint.css import Reader

DATA = files("blendtpl.compiler.mail.lint") / "data"
KNOWN = support.load(("*",)).features


def test_the_data_says_where_it_is_from_and_under_which_licence() -> None:
    source = json.loads((DATA / "source.json").read_text(encoding="utf-8"))
    data = support.data()
    assert source["updated"] == data["last_update_date"][:10]
    assert source["features"] == len(data["data"])
    assert re.fullmatch(r"2\.\d+\.\d+", source["version"])
    assert (DATA / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_what_is_harmless_or_named_by_hand_is_in_the_data() -> None:
    properties = features.properties(KNOWN)
    assert features.HARMLESS - KNOWN.keys() == set()
    assert {*properties.values()} - KNOWN.keys() == set()
    assert properties["margin-top"] == "css-margin"
    assert properties["border-start-end-radius"] == "css-border-radius-logical"
    assert properties["text-decoration"] == "css-text-decoration"


def test_every_feature_that_some_client_lacks_is_looked_for_or_harmless() -> None:
    """A renewal may bring features: each is one that the rules find, or is named as one that nobody misses."""
    found = set(features.properties(KNOWN).values())
    reader = Reader(features.properties(KNOWN))
    units = ("ch", "rem", "vh", "vw", "vmin", "vmax", "ex", "cm", "in", "mm", "pc")
    functions = ("calc(1px)", "clamp(1px,2px,3px)", "max(1px)", "min(1px)", "light-dark(red,blue)", "oklch(1 1 1)")
    values = [f"1{unit}" for unit in units]
    values += [*functions, "rgba(1,1,1,1)", "var(--x)", "fit-content", "conic-gradient(red)", "linear-gradient(red)"]
    values += ["radial-gradient(red)"]
    for value in values:
        found |= {use.slug for use in reader.uses(reader.declarations(f"width:{value}"))}
    for text in ("display:flex", "display:grid", "display:none", "flex-direction:column", "flex-wrap:wrap", "--x:1"):
        name, _, word = text.partition(":")
        found |= set(features.of_property(name, frozenset({word}), features.properties(KNOWN)))
    for slug in KNOWN:
        pseudo = re.fullmatch(r"css-pseudo-(class|element)-(.+)", slug)
        if pseudo:
            found.add(features.of_pseudo(pseudo[2], element=pseudo[1] == "element"))
        if slug.startswith("css-at-"):
            found.add(features.of_at_rule(slug.removeprefix("css-at-")))
        if slug.startswith("html-") and ("element" in KNOWN[slug].title or slug in ELEMENTS):
            found.add(features.of_element(slug.removeprefix("html-"), {}) or "")
        if slug.startswith("image-"):
            found.add(features.of_image(f"https://example.org/x.{slug.removeprefix('image-')}") or "")
    found |= {"css-selector-child", "css-selector-general-sibling", "css-nesting", "html-image-maps", "image-base64"}
    found |= {f"html-input-{kind}" for kind in ("checkbox", "radio", "reset", "submit", "text")}
    found |= {features.of_element("button", {"type": kind}) or "" for kind in ("reset", "submit")}
    found |= {features.of_attribute("href", "#x") or "", features.of_element("link", {"rel": "stylesheet"}) or ""}
    found |= {features.of_attribute(name, "") or "" for name in ("background", "hidden", "popover")}
    lacking = {slug for slug, each in KNOWN.items() if each.unsupported and each.category != "others"}
    assert sorted(lacking - found - features.HARMLESS) == sorted(PASSED_OVER)


ELEMENTS = {"html-address", "html-base", "html-svg"}  # whose titles don't say so
# what is everywhere where there is CSS at all, what no template can be asked for, and what nobody writes in e-mails
PASSED_OVER = {
    *("css-selector-chaining", "css-selector-class", "css-selector-descendant", "css-selector-grouping"),
    *("css-selector-id", "css-selector-type", "html-height", "html-mailto-links", "html-width"),
}


def test_the_last_test_of_a_client_counts() -> None:
    gmail = support.load(("gmail.desktop-webmail",)).features
    assert gmail["css-display-flex"].unsupported == ()
    assert gmail["css-display-flex"].share() == 1
    assert gmail["html-video"].unsupported == ("gmail.desktop-webmail",)
    assert gmail["html-video"].share() == 0
    assert gmail["html-video"].share(frozenset({"gmail.desktop-webmail"})) == 1


def test_renewing_writes_the_file_of_the_package_its_licence_and_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"last_update_date": "2030-01-02 03:04:05 +0000", "data": [1, 2, 3]}
    members = {renew.SOURCE: json.dumps(rows).encode(), renew.LICENCE: b"MIT License"}

    def pack(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command[:3] == ["npm", "pack", "--json"]
        assert command[-1] == "caniemail@2.9.9"
        path = Path(command[command.index("--pack-destination") + 1], "x.tgz")
        with tarfile.open(path, "w:gz") as archive:
            for name, text in members.items():
                about = tarfile.TarInfo(name)
                about.size = len(text)
                archive.addfile(about, io.BytesIO(text))
        digest = b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        told = [{"filename": "x.tgz", "version": "2.9.9", "integrity": f"sha512-{digest}"}]
        return subprocess.CompletedProcess(command, 0, json.dumps(told), "")

    monkeypatch.setattr(subprocess, "run", pack)
    monkeypatch.setattr(renew, "DATA", tmp_path)
    renew.main("2.9.9")
    assert (tmp_path / "caniemail.json").read_bytes() == members[renew.SOURCE]
    assert (tmp_path / "LICENSE").read_bytes() == b"MIT License"
    source = json.loads((tmp_path / "source.json").read_text(encoding="utf-8"))
    assert (source["version"], source["updated"], source["features"]) == ("2.9.9", "2030-01-02", 3)
