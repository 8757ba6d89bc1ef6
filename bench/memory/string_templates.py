"""The alert e-mail of `bench.workloads.alert` for `string.Template`, whose loops and conditions are Python's.

Enters: a folder, into which the texts are written. Leaves: the e-mail, for which each of them is read anew.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from bench.workloads.alert import JINJA2 as ORIGINAL

__all__ = ["ORIGINAL", "alert", "write"]

_TEXTS = {
    "layout.html": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title changed</title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td>$header</td></tr>
<tr><td style="padding:24px">$content</td></tr>
<tr><td>$footer</td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
<a href="$site_url"><img src="$site_url/logo.png" width="120" alt="$site_name"></a>
<p>Hello $user_name,</p>
""",
    "summary.html": """\
<p>We looked at <a href="$watch_url">$watch_title</a> and found $count changes.</p>
""",
    "note.html": """\
<p class="note">$watch_note</p>
""",
    "change.html": """\
<div id="c$number"><h2><a href="$url">$title</a></h2>
<p>$at, $percent %</p>
<pre>
$lines</pre></div>
""",
    "line.html": """\
<span class="$kind">$text</span>
""",
    "button.html": """\
<a href="$watch_url" style="background:#0066cc;color:#ffffff;padding:8px 16px">See the page</a>
""",
    "footer.html": """\
<p style="color:#888888">You get this e-mail because $user_email watches this page.
<a href="$site_url/watches/$watch_id/pause">Pause</a> or
<a href="$site_url/unsubscribe?t=$user_token">unsubscribe</a>.</p>
""",
}


def write(folder: Path) -> None:
    """Write the texts into a folder."""
    for name, text in _TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")


def alert(folder: Path, context: Mapping[str, Any]) -> str:
    """Return the e-mail."""

    def fill(name: str, /, **values: Any) -> str:
        return Template((folder / name).read_text(encoding="utf-8")).substitute(values)

    plain = {
        f"{kind}_{key}": escape(str(value))
        for kind in ("site", "user", "watch")
        for key, value in context[kind].items()
    }
    content = [fill("summary.html", count=len(context["changes"]), **plain)]
    if context["watch"]["note"]:
        content.append(fill("note.html", **plain))
    for number, change in enumerate(context["changes"], 1):
        lines = "".join(fill("line.html", kind=line["kind"], text=escape(line["text"])) for line in change["lines"])
        values = {key: escape(str(value)) for key, value in change.items() if key != "lines"}
        content.append(fill("change.html", number=number, lines=lines, **values))
    content.append(fill("button.html", **plain))
    return fill(
        "layout.html",
        title=plain["watch_title"],
        header=fill("header.html", **plain),
        content="".join(content),
        footer=fill("footer.html", **plain),
    )
