"""The rules for e-mails, as data: what each is called, what it finds, why that matters, and who says so.

What looks for it is `blendtpl.compiler.mail.lint`. They are switched off as all warnings are.
"""

from dataclasses import dataclass

_DATA = "https://www.caniemail.com/"
_WCAG = "https://www.w3.org/TR/WCAG22/"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `source` is an address."""

    name: str
    finds: str
    why: str
    source: str


MAIL_RULES = (
    Rule(
        "mail-contrast",
        "text whose contrast on its background is less than 4.5:1, or 3:1 where it is large",
        "people who see less well, or read in the sun, cannot read it",
        f"{_WCAG}#contrast-minimum",
    ),
    Rule(
        "mail-css",
        "CSS that a client drops: a property, unit, function, selector or at-rule",
        "the message looks otherwise there, or falls apart",
        _DATA,
    ),
    Rule(
        "mail-heading-order",
        "a heading more than one level below the one before",
        "screen readers go from heading to heading, and a missing level seems to be missing text",
        "https://www.w3.org/WAI/WCAG22/Techniques/general/G141",
    ),
    Rule(
        "mail-html",
        "an element or attribute that a client drops",
        "what is in it is not there, or does nothing",
        _DATA,
    ),
    Rule(
        "mail-image-alt",
        "an image without `alt`",
        "most clients hide images at first, and screen readers read the file's name out",
        f"{_WCAG}#non-text-content",
    ),
    Rule(
        "mail-image-format",
        "an image of a format that a client does not show",
        "there is a hole in the message",
        _DATA,
    ),
    Rule(
        "mail-image-width",
        "an image with neither `width` nor `height`",
        "Outlook on Windows shows it as large as its file is, and takes no width of an image from CSS",
        f"{_DATA}features/css-width/",
    ),
    Rule(
        "mail-images-only",
        "a message whose only words are in images",
        "where images are hidden, it says nothing",
        f"{_WCAG}#images-of-text",
    ),
    Rule(
        "mail-insecure-url",
        "an address that begins with `http:`",
        "the request is sent in the clear, and webmail, which is a page of `https:`, blocks or rewrites it",
        "https://www.w3.org/TR/mixed-content/",
    ),
    Rule(
        "mail-lang",
        "an `<html>` without `lang`",
        "screen readers read it in the voice of another language, and clients offer to translate it",
        f"{_WCAG}#language-of-page",
    ),
    Rule(
        "mail-link-text",
        "a link without text, or one that says “click here”",
        "screen readers list links alone: nobody knows where they lead",
        f"{_WCAG}#link-purpose-in-context",
    ),
    Rule(
        "mail-part-variables",
        "a variable that one part shows, and the other does not even read",
        "who reads the other part is not told; the parts are to say the same",
        "https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4",
    ),
    Rule(
        "mail-partial",
        "what a client supports in part, with the note on it; only with `partial = true`",
        "the note says in which cases it works",
        _DATA,
    ),
    Rule(
        "mail-preheader",
        "a message that does not begin with a hidden text",
        "clients show its first words beside the subject, whatever they are",
        "https://emailmarkup.org/en/blog/2025/how-email-clients-improve-preview-text",
    ),
    Rule(
        "mail-relative-url",
        "an address without a host, of an image or a link",
        "a message has no address that it could begin at",
        "https://www.rfc-editor.org/rfc/rfc3986#section-5.1",
    ),
    Rule(
        "mail-size",
        "HTML whose constant text alone, in its largest variant, is over 102 kB",
        "Gmail shows the first 102 kB, and a link to the rest",
        "https://github.com/hteumeuleu/email-bugs/issues/41",
    ),
    Rule(
        "mail-text-part",
        "a message without a text part",
        "watches, screen readers and people who chose it read that one",
        "https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4",
    ),
    Rule(
        "mail-unsubscribe",
        "a message whose category is other than `transactional`, without a way to unsubscribe",
        "people report it as spam instead, and large providers ask for it",
        "https://www.rfc-editor.org/rfc/rfc8058",
    ),
)
