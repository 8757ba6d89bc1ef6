"""The dashboard shows what is exposed: each metric, by labels that it has, and no other."""

import json
import re
from itertools import combinations
from typing import Any

import pytest

from blendtpl.metrics import DASHBOARD
from blendtpl.metrics.exposed import METRICS

BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
SHOWING = [panel for panel in PANELS if panel["type"] != "row"]
SAMPLES = {metric.sample: metric for metric in METRICS}
NAME = re.compile(r"blendtpl_\w+")


def queries(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def test_it_shows_every_metric_and_no_other() -> None:
    shown = {name for panel in SHOWING for query in queries(panel) for name in NAME.findall(query)}
    assert shown == SAMPLES.keys()


@pytest.mark.parametrize("panel", SHOWING, ids=lambda panel: panel["title"])
def test_a_panel_asks_by_the_kind_and_the_labels_that_a_metric_has(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        query, names = target["expr"], NAME.findall(target["expr"])
        labels = {SAMPLES[name].label for name in names}
        used = {*re.findall(r"by \((\w+)\)", query), *re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
        assert used <= labels
        for name in names:
            changing = re.search(rf"(rate|increase)\({name}\{{", query) is not None
            assert changing is (SAMPLES[name].kind == "counter"), name
        assert query.count("(") == query.count(")")
        assert query.count('job=~"$job"') == len(names)
        assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_units_are_those_of_the_metrics() -> None:
    for panel in SHOWING:
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for query in queries(panel):
            names = NAME.findall(query)
            if names[0].endswith("_bytes"):
                assert unit == "bytes"
            elif "_seconds" in names[0]:
                assert unit == "s"
            else:
                assert unit in {"short", "percentunit"}


def test_panels_have_places_and_numbers_of_their_own() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    places = [panel["gridPos"] for panel in PANELS]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y


def test_its_variables_are_the_data_source_and_the_job() -> None:
    source, job = BOARD["templating"]["list"]
    assert (source["name"], source["query"]) == ("datasource", "prometheus")
    assert (job["name"], job["query"]["query"]) == ("job", "label_values(blendtpl_workers, job)")
