"""The guard: only the preview's own page, asked for by a name of this machine, is answered."""

import re

import pytest
from starlette.testclient import TestClient

from tests.preview.conftest import HERE


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:8700", "localhost", "[::1]:8700"])
def test_the_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8700", "evil.example:8700",
        "127.0.0.1@evil", "localhost:x", "127.1", "0.0.0.0", "2130706433", "localhost.",
        "127.0.0.1:8700/x", "[::1]evil",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/items", "/events", "/static/preview.js", "/frame/x", "/nothing"])
def test_a_foreign_host_is_refused_whatever_it_asks_for(client: TestClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"host": host})
    assert (answer.status_code, answer.text) == (421, "this preview answers only as localhost or 127.0.0.1\n")


@pytest.mark.parametrize("path", ["/stage", "/save", "/reload"])
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:8701", "http://localhost:8700", "https://127.0.0.1:8700", ""],
)
def test_only_the_page_itself_may_write(client: TestClient, path: str, origin: str) -> None:
    assert client.post(path, json={}, headers={"origin": origin}).status_code == 403
    del client.headers["origin"]
    assert client.post(path, json={}).status_code == 403


def test_a_form_of_another_kind_or_of_any_size_is_refused(client: TestClient) -> None:
    assert client.post("/stage", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/stage", json={"text": "x" * 2**22}).status_code == 413
    chunked = client.post("/stage", content=iter([b"{}"]), headers={"content-type": "application/json"})
    assert chunked.status_code == 411
    assert client.post("/stage", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert client.post("/stage", content=b"[]", headers={"content-type": "application/json"}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/items", "/static/preview.css", "/static/preview.js", "/nothing"])
def test_every_answer_keeps_itself_to_itself(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_or_style_in_it_and_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/", params={"item": "mail/hello"}).text
    own = page.replace(' src="/static/preview.js"', "")
    assert '<script type="module"></script>' in own
    assert own.count("<script") == 1
    for inline in ("<style", " style=", " onclick", " onload", "javascript:", "http://", "https://", 'src="//'):
        assert inline not in page, inline
    for name in ("preview.js", "frame.js", "preview.css", "preview.svg"):
        text = client.get(f"/static/{name}").text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert re.findall(r"(?<!\n)//(?! )", text) == [], name
    assert HERE not in page


def test_only_the_files_of_the_preview_are_handed_out(client: TestClient) -> None:
    for name in (
        "../pages.py",
        "..%2fpages.py",
        "%2e%2e%2fpages.py",
        "preview.css/..",
        "/etc/passwd",
        "page.html",
    ):
        assert client.get(f"/static/{name}").status_code == 404
