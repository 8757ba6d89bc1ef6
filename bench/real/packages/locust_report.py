"""Locust: the report of a run of thirty requests."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package
from bench.real.projects import COUNT


def _run(folder: Path, stack: ExitStack) -> None:
    from locust.env import Environment
    from locust.html import get_html_report
    from locust.user import HttpUser

    environment = Environment(user_classes=[type("Shopper", (HttpUser,), {"host": "https://shop.example.org"})])
    environment.create_local_runner()
    for number in range(COUNT):
        environment.stats.log_request("GET", f"/page/{number}?a=<b>", 10 + number, 2000)
        environment.stats.log_error("GET", f"/page/{number}", f"<error {number % 4}>")
    get_html_report(environment)


PACKAGES = (Package("locust", "a run of 30 requests", {"locust report": "report.html"}, _run, ("locust",)),)
