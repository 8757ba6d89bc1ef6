"""Tests of messages: what was sent, what it says, and how it looked the last time.

Enters: messages, or the bytes of such. Leaves: values to assert on, and failures that say what is wrong. As a plugin of
pytest it is loaded by itself where blendtpl is installed; elsewhere ``pytest -p blendtpl.testing`` does so.
"""

from blendtpl.testing.assertions import assert_headers, assert_links, assert_recipients, assert_says
from blendtpl.testing.outbox import Outbox, Post
from blendtpl.testing.reading import ReadAttachment, ReadMessage, read
from blendtpl.testing.snapshots import Snapshots, readable
from pytest_blendtpl import message_snapshot, outbox, pytest_addoption

__all__ = [
    "Outbox",
    "Post",
    "ReadAttachment",
    "ReadMessage",
    "Snapshots",
    "assert_headers",
    "assert_links",
    "assert_recipients",
    "assert_says",
    "message_snapshot",
    "outbox",
    "pytest_addoption",
    "read",
    "readable",
]
