"""The walkers' e-mails: the same in every style, and arriving at a server that knows what should come."""

import json
import smtplib
from collections.abc import Mapping
from email import message_from_bytes, policy
from pathlib import Path

import jinja2
import pytest

import blendtpl
from bench.walkers import counters
from bench.walkers.included import IncludeLoader, write_files
from bench.walkers.mails import RECIPIENT, SENDER, Job, digest, jobs, normal
from bench.walkers.processes import processes, read
from bench.walkers.styles import STYLES, Mail, expected, make_files
from testkit.memory import measure

JOBS = {job.example: job for job in jobs()}


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mail]:
    folder = tmp_path_factory.mktemp("made")
    make_files(folder)
    return {name: style.prepare(folder)() for name, style in STYLES.items()}


def test_there_are_alerts_of_several_kinds() -> None:
    assert {"ordinary", "hard"} <= set(JOBS)
    assert {job.folder for job in JOBS.values()} == {"emails/alert"}


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_all_styles_send_the_same_bytes_but_for_dates_and_ids(job: Job, mails: Mapping[str, Mail]) -> None:
    sent = {style: mail(job) for style, mail in mails.items()}
    assert len(set(sent.values())) == len(STYLES) == 3
    assert len({normal(data) for data in sent.values()}) == 1
    assert {digest(data) for data in sent.values()} <= expected()
    for data in sent.values():
        read = message_from_bytes(data, policy=policy.default)
        assert read["Date"].datetime is not None
        assert read["Message-ID"].endswith("@feedwhip.example.com>")


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_an_e_mail_has_its_subject_text_and_html(
    job: Job, mails: Mapping[str, Mail], registry: blendtpl.Registry
) -> None:
    context = json.loads(job.context)
    found = message_from_bytes(mails["jinja2"](job), policy=policy.default)
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert found["Subject"] == registry.render(f"{job.folder}/subject.txt", context).strip()
    assert (found["From"], found["To"]) == (SENDER, RECIPIENT)
    for kind, name in (("plain", "body.txt"), ("html", "body.html")):
        body = found.get_body((kind,))
        assert body is not None
        lines = registry.render(f"{job.folder}/{name}", context).rstrip().splitlines()
        assert body.get_content().rstrip().splitlines() == lines


def test_a_byte_that_differs_makes_another_digest(mails: Mapping[str, Mail]) -> None:
    data = mails["blendtpl"](JOBS["ordinary"])
    for old, new in (
        (b"Ada", b"Ida"),
        (b"</body>", b"</Body>"),
        (b"Subject: ", b"Subject: x"),
        (b"text/plain", b"text/html"),
    ):
        assert data.count(old)
        assert digest(data.replace(old, new)) not in expected()


def test_an_include_runs_its_file_anew_and_keeps_it_but_macros_are_read_once(tmp_path: Path) -> None:
    sources = {
        "page.txt": "{% extends 'base.txt' %}{% import 'macros/m.txt' as m %}{% block b %}{% for x in [1, 2] %}"
        "{% include 'part.txt' %}{% endfor %}{{ m.f() }}{% endblock %}",
        "base.txt": "{% block b %}{% endblock %}",
        "part.txt": "{{ x }}",
        "macros/m.txt": "{% macro f() %}!{% endmacro %}",
    }
    write_files(tmp_path, jinja2.Environment(), sources)
    loader = IncludeLoader(tmp_path)
    environment = jinja2.Environment(loader=loader, cache_size=0)
    for times in (1, 2, 3):
        assert environment.get_template("page.txt").render() == "12!"
        names = [namespace["__name__"] for namespace in loader.included]
        assert {name: names.count(name) for name in sources} == {
            "page.txt": times,
            "base.txt": times,
            "part.txt": 2 * times,
            "macros/m.txt": 1,
        }
    (tmp_path / "part.txt.py").write_text((tmp_path / "part.txt.py").read_text().replace("yield ", "yield 'new' + "))
    assert environment.get_template("page.txt").render() == "new1new2!"
    (tmp_path / "part.txt.py").unlink()
    with pytest.raises(jinja2.TemplateNotFound, match=r"part\.txt"):
        environment.get_template("page.txt").render()


def test_only_the_old_style_leaves_something_for_good_and_only_blendtpl_nothing_at_all(
    mails: Mapping[str, Mail],
) -> None:
    job = JOBS["no_words"]
    left = {style: measure(lambda mail=mail: mail(job), 20) for style, mail in mails.items()}  # type: ignore[misc]
    assert left["old"].blocks > 10 * 100
    assert left["jinja2"].collected > 10 * 25  # the standard library's classes, which the collector finds
    assert (left["blendtpl"].collected, left["blendtpl"].events) == (0, ())
    assert left["blendtpl"].blocks <= 4


def test_the_server_counts_what_should_come_and_refuses_what_should_not(
    mails: Mapping[str, Mail], tmp_path: Path
) -> None:
    file = counters.create(1)
    with processes(tmp_path, file) as start:
        server = start("the server", "bench.walkers.server", {"expected": sorted(expected()), "counters": file})
        with smtplib.SMTP("127.0.0.1", read(server)["port"], local_hostname="localhost") as connection:
            for job in JOBS.values():
                assert connection.sendmail(SENDER, [RECIPIENT], mails["blendtpl"](job)) == {}
            with pytest.raises(smtplib.SMTPDataError, match="none of those"):
                connection.sendmail(SENDER, [RECIPIENT], mails["blendtpl"](JOBS["hard"]).replace(b"=", b"-", 1))
    counts = counters.view(file)
    assert (counts[counters.RECEIVED], counts[counters.WRONG]) == (len(JOBS), 1)
