"""The workloads: the alert e-mail, the other eleven of `bench/workloads/`, every construct and error, and all in turn.

The constructs and the errors are the cases of `testkit.growth`, each under its own title.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, cycle

from bench.memory.registered import WORKLOADS, Kind, Part, workload
from bench.workloads import WORKLOADS as PAGES
from bench.workloads.workload import Workload
from testkit.cases import Case
from testkit.growth import EVERY, MAIL, RECURSION

__all__ = ["ALERT", "MISSING", "MIXED", "WORKLOADS"]

ALERT = "alert, 10 changes, dicts"
MIXED = "mixed"
MISSING = "failing: a template that is missing"

_PAGES = [page for page in PAGES if page.kind != "alert" or page.name == ALERT]
_CASES = [case for case in EVERY.values() if case is not MAIL]  # whose templates are rendered by `Registry.message`


def _of_page(page: Workload) -> Part:
    return Part(page.jinja2, page.entry, lambda: page.context, page=page)


def _of_case(case: Case) -> Part:
    return Part(case.templates, "main.html", case.variables, case.make, endless=case is RECURSION)


def _missing() -> Sequence[Part]:
    return [Part({"main.html": ""}, "main.htm", dict)]


def _fails(case: Case) -> bool:
    return case.title.startswith("failing")


def _mixed() -> Sequence[Part]:
    """Return constructs, the alert e-mail and failing ones in turn, until each construct had its turn."""
    alert = _of_page(next(page for page in _PAGES if page.name == ALERT))
    failing = cycle([*map(_of_case, filter(_fails, _CASES)), *_missing()])
    fine = [_of_case(case) for case in _CASES if not _fails(case)]
    return list(chain.from_iterable((part, alert, next(failing)) for part in fine))


def _one(make: Callable[[], Part]) -> Sequence[Part]:
    return [make()]


for _page in _PAGES:
    workload(_page.name, Kind.ALERT if _page.name == ALERT else Kind.PAGES)(partial(_one, partial(_of_page, _page)))
for _case in _CASES:
    workload(_case.title, Kind.ERRORS if _fails(_case) else Kind.CONSTRUCTS)(partial(_one, partial(_of_case, _case)))
workload(MISSING, Kind.ERRORS)(_missing)
workload(MIXED, Kind.MIXED)(_mixed)
