"""The rules for pages, as data: what each is called, what it says, why that matters, and what to do.

Each is about a value that HTML's escaping does not make safe where it stands. What looks for them is
`blendtpl.compiler.lint.markup`. They are switched off as all warnings are.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRule:
    """A rule. `says` has `{shown}` for the value, and `{where}` for the attribute."""

    name: str
    finds: str
    why: str
    says: str
    hint: str


PAGE_RULES = (
    PageRule(
        "event-handler",
        "a variable in an attribute such as `onclick`, which is not written by `tojson`",
        "the browser undoes the escaping before it runs the script",
        "`{shown}` is part of a script in `{where}`, which escaping for HTML does not make safe",
        "put it into an attribute `data-…` and read that in the script, or write `|tojson` between single quotes",
    ),
    PageRule(
        "javascript-url",
        "a variable in a URL that is a script, or a page, by itself",
        "the browser undoes the escaping before it runs what the URL says",
        "`{shown}` is part of a script in the URL of `{where}`, which escaping for HTML does not make safe",
        "let a script of the page listen for the event, and give it the value in an attribute `data-…`",
    ),
    PageRule(
        "safe-given",
        "`|safe` on a variable that the template is given",
        "whatever somebody has put there is markup then, a script too",
        "`{shown}` is printed as it was given, with any script that is in it",
        "sanitize it where it comes from, and hand it over as `markupsafe.Markup`, which needs no `safe`",
    ),
    PageRule(
        "script-variable",
        "a variable in a `<script>`, which is not written by `tojson`",
        "in a script HTML's escapes mean nothing: they spoil what is harmless, and let a `\\` through",
        "`{shown}` stands in a script, where escaping for HTML spoils it and does not make it safe",
        "write `{{{{ {shown}|tojson }}}}`, without quotes around it",
    ),
    PageRule(
        "srcdoc-variable",
        "a variable in the attribute `srcdoc`",
        "the browser undoes the escaping before it reads the page in there, scripts and all",
        "`{shown}` is part of a page in `srcdoc`, which is read once more behind the escaping",
        "serve that page by an address of its own (`src`), or escape the value with `|forceescape` where it is made",
    ),
    PageRule(
        "tojson-in-quotes",
        "`|tojson` in an attribute between double quotes",
        "`tojson` writes double quotes, and the first of them ends the attribute",
        "`{shown}` ends `{where}` with its first double quote",
        "put the attribute into single quotes, or write `|tojson|forceescape`",
    ),
    PageRule(
        "unquoted-attribute",
        "a variable in a value without quotes",
        "a blank in it begins another attribute, such as `onclick`",
        "`{shown}` stands in `{where}` without quotes, where a blank in it begins another attribute",
        "put quotes around the value",
    ),
)
