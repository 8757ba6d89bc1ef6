"""The report: one page that needs nothing else, tables that stay tables, pictures for light and for dark."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import html5lib
import pytest
from matplotlib.image import imread

from bench.memory import pictures, report
from bench.memory.markup import STYLE
from bench.memory.registered import SUBJECTS, Family, Kind, Subject
from bench.memory.runs import Run
from bench.memory.workloads import ALERT, MISSING, MIXED, WORKLOADS
from bench.tests.memory.made_up import held, made_up

HOSTILE = 'a "b" <script src="https://example.org/x.js">|`c`| & $d$ \\ [e](https://example.org)'
PICTURES = ("alert", "constructs", "mixed", "rates", "templates")
PAGE = next(name for name, work in WORKLOADS.items() if work.kind is Kind.PAGES)
CONSTRUCT = next(name for name, work in WORKLOADS.items() if work.kind is Kind.CONSTRUCTS)
SPREAD = re.compile(r"[-\d.,]+( [kM])? \[[-\d.,]+( [kM])?, [-\d.,]+( [kM])?\]")
WHITE, DARK = "#ffffff", "#12161b"

Element = ET.Element


@dataclass(frozen=True)
class Report:
    """A folder with a report, and its page, parsed without an error, and its Markdown."""

    folder: Path
    page: Element
    text: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Give a report of everything."""
    return written(tmp_path_factory.mktemp("report"), everything())


@pytest.fixture
def hostile() -> Iterator[str]:
    """Give the name of a subject that has all that means something to HTML, Markdown and matplotlib."""
    SUBJECTS[HOSTILE] = Subject(HOSTILE, Family.OLD, SUBJECTS["Jinja2"].prepare)
    yield HOSTILE
    del SUBJECTS[HOSTILE]


def everything(subject: str = "Jinja2") -> list[Run]:
    """Return runs of all kinds, by blendtpl and by another subject."""
    found = []
    for workload in (ALERT, MIXED, CONSTRUCT, MISSING, PAGE):
        found.append(made_up(workload=workload))
        found.append(made_up(subject, workload, garbage=9000, rss=lambda renders: 2000 * renders))
        found.append(made_up(subject, workload, collector=True))
    found.append(made_up("PHP include, with opcache", left={"bytes": (90_000, 45_000)}))
    found.append(made_up("Mako", samples=1, ended=False, reason="stopped"))
    found.append(made_up("Django", PAGE, samples=0, ended=False, reason="it has no | of this\nat all"))
    return found


def written(folder: Path, runs: Sequence[Run], **facts: str) -> Report:
    """Write a report, and return it."""
    report.write(folder, runs, held() if runs else None, {"system": "Linux", **facts})
    text = (folder / "report.html").read_text(encoding="utf-8")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: Any = parser.parse(text)
    return Report(folder, root, (folder / "report.md").read_text(encoding="utf-8"))


def tables(root: Element) -> Iterator[list[list[str]]]:
    for table in root.iter("table"):
        yield [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def markdown_tables(text: str) -> Iterator[list[list[str]]]:
    for block in text.split("\n\n"):
        if block.startswith("|"):
            yield [cells(line) for line in block.splitlines()]


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def test_the_page_refers_to_nothing_outside(whole: Report) -> None:
    root = whole.page
    tags = {local(element.tag) for element in root.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "link", "img", "image", "iframe", "object", "embed", "base", "a"}
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(names) == len(set(names))
    for element in root.iter():
        for name, value in element.attrib.items():
            if local(name) in {"href", "src"} or name.startswith("xlink:"):
                assert value.startswith("#")
                assert value[1:] in names
            assert all(found in names for found in re.findall(r"url\(#?([^)]*)\)", value))
    styles = "".join("".join(style.itertext()) for style in root.iter() if local(str(style.tag)) == "style")
    assert "@import" not in styles
    assert "url(" not in styles
    assert len(list(root.iter("figure"))) == len(PICTURES)


@pytest.mark.parametrize(("runs", "count"), [([], 0), ([made_up(samples=1, ended=False)], 2)], ids=["none", "one"])
def test_the_page_of_little_has_what_there_is(tmp_path: Path, runs: list[Run], count: int) -> None:
    root = written(tmp_path, runs).page
    titles = ["".join(title.itertext()) for title in root.iter("h2")]
    assert titles[-2:] == ["The subjects", "How it was measured"]
    assert len(list(root.iter("figure"))) == count
    assert ("Growth per render of the alert e-mail" in titles) is False


def test_the_tables_are_the_same_in_both_and_whole(whole: Report) -> None:
    root, text = whole.page, whole.text
    found, marked = list(tables(root)), list(markdown_tables(text))
    assert len(found) == len(marked) == 10
    for rows, lines in zip(found, marked, strict=True):
        assert {len(row) for row in rows} == {len(row) for row in lines} == {len(rows[0])}
        assert len(rows) == len(lines) - 1  # the line below the headings
        assert rows[0] == [cell.replace("\\", "") for cell in lines[0]]


def test_every_figure_has_its_spread(whole: Report) -> None:
    root = whole.page
    seen = 0
    for headings, *rows in tables(root):
        for at, heading in enumerate(headings):
            if heading.startswith(("RSS", "private dirty", "blendtpl registry", "Jinja2, all", "ratio")):
                for row in rows:
                    seen += 1
                    assert row[at] == "–" or SPREAD.fullmatch(row[at]), (heading, row[at])
    assert seen > 30
    short = next(rows for rows in tables(root) if rows[0][0] == "what")
    assert all(re.search(r"[\d.,]+ .*\[.+, .+\]", row[2]) for row in short if "bytes" in row[2] or "times" in row[2])
    assert sum("times as much [" in row[2] for row in short) == 3
    matrix = next(rows for rows in tables(root) if rows[0][0] == "workload" and rows[1][0] == PAGE)
    assert matrix[1:] == [[PAGE, "flat", "garbage, 2 M [2 M, 2 M]"]]


def test_what_did_not_end_has_no_figures_that_it_does_not_have(whole: Report) -> None:
    root = whole.page
    alert = next(rows for rows in tables(root) if rows[0][0] == "subject" and "verdict" in rows[0])
    (row,) = [row for row in alert if row[0] == "Mako"]
    assert row == ["Mako", "off", "20", "?", "–", "–", "–", "–", "–", ""]
    (php,) = [row for row in alert if row[0].startswith("PHP")]
    assert (php[1], php[3], php[6:]) == ("–", "grows", ["–", "90,000", "–", ""])
    reasons = next(rows for rows in tables(root) if "reason" in rows[0])
    assert reasons[1:] == [["Mako", "stopped", ALERT], ["Django", "it has no | of this\nat all", PAGE]]


def test_hostile_names_stay_text(tmp_path: Path, hostile: str) -> None:
    runs = [*everything(hostile), made_up(hostile, samples=0, ended=False, reason=f"{hostile}\n{hostile}")]
    report = written(tmp_path, runs, hostile=hostile)
    root, text = report.page, report.text
    plain = hostile.replace("`", "")
    assert [row[0] for rows in tables(root) for row in rows].count(plain) > 5
    assert any(hostile in "".join(element.itertext()) for element in root.iter() if local(str(element.tag)) == "text")
    assert not [element for element in root.iter() if local(str(element.tag)) in {"script", "a"}]
    for rows in markdown_tables(text):
        assert {len(row) for row in rows} == {len(rows[0])}
        for row in rows:
            for cell in row:
                assert not re.search(r"(?<!\\)[<>&*_]|\](?<!\\)\(", re.sub(r"`[^`]*`", "", cell)), cell


def test_each_picture_is_there_as_svg_and_png_without_a_background(whole: Report) -> None:
    assert sorted(file.name for file in whole.folder.glob("*.[sp][vn]g")) == sorted(
        f"{name}.{kind}" for name in PICTURES for kind in ("png", "svg")
    )
    for name in PICTURES:
        drawn = [local(element.tag) for element in ET.parse(whole.folder / f"{name}.svg").iter()]
        assert drawn.count("path") > 10
        assert drawn.count("text") > 5
        image = imread(whole.folder / f"{name}.png")
        assert image.shape[2] == 4
        assert image[0, 0, 3] == image[-1, -1, 3] == 0
        assert image[..., 3].max() == 1


def test_pictures_of_the_same_runs_are_the_same(whole: Report, tmp_path: Path) -> None:
    pictures.save(pictures.draw(everything(), held()), tmp_path)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (whole.folder / file.name).read_bytes()


def test_a_picture_has_a_line_for_each_subject_however_many(tmp_path: Path) -> None:
    names = list(SUBJECTS)[:10]
    figure = pictures.draw([made_up(name, CONSTRUCT) for name in names], None)["constructs"]
    (axes,) = figure.axes
    assert len(axes.lines) == len(names)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names


def light(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    less, more = sorted((light(one), light(other)))
    return (more + 0.05) / (less + 0.05)


def test_every_colour_of_the_pictures_can_be_told_from_white_and_from_dark() -> None:
    shades = pictures.colours({f"{family} {number}": family for family in Family for number in range(8)})
    assert len(set(shades.values())) > 15
    for colour in {*shades.values(), pictures.INK}:
        assert min(contrast(colour, WHITE), contrast(colour, DARK)) >= 3, colour  # WCAG 2.2, 1.4.11
    assert min(contrast(pictures.INK, WHITE), contrast(pictures.INK, DARK)) >= 4


def test_the_pages_text_can_be_read_in_both_schemes() -> None:
    lines, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in (lines, dark)]
    assert schemes[0].keys() == schemes[1].keys() >= {"ink", "soft", "paper", "shade", "good", "bad"}
    assert [scheme["paper"] for scheme in schemes] == [WHITE, DARK]
    for scheme in schemes:
        for name in ("ink", "soft", "good", "bad"):
            assert min(contrast(scheme[name], scheme[ground]) for ground in ("paper", "shade")) >= 4.5  # 1.4.3
