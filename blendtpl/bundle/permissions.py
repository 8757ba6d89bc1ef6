"""Permissions: who else could have written a file that is code.

Enters: an open file. Leaves: nothing, or a sentence about who could, and how to go on. Ordinary files are trusted:
those of the user who reads them and of root, which their owner's own group may write as well (a umask of 002, a git
checkout, data of a package that pip has installed).

The folders on the way are not looked at. Whoever may write there can put another file in this one's place, but not one
that belongs to this user or root; what they can do is put an older bundle of the same owner there, which is what
``digest=`` is for. Access control lists are those of POSIX, where the system shows them.
"""

import os
import shlex
import stat
import struct
from collections.abc import Iterator

from blendtpl.errors import BundleError

try:
    import grp
    import pwd
except ImportError:
    _LISTED = False  # there are no lists of users and groups
else:
    _LISTED = True

_ACL = "system.posix_acl_access"
_ACL_ENTRY = struct.Struct("<HHI")  # what it is for, permissions, uid or gid; behind a version of four bytes
_NAMED_USER, _OWN_GROUP, _NAMED_GROUP, _MASK = 0x02, 0x04, 0x08, 0x10  # of Linux's <linux/posix_acl.h>
_WRITE = 0o2


def check_writers(path: str, descriptor: int) -> None:
    """Raise `BundleError` when others than this user, the file's owner's own group and root could have written it."""
    if not hasattr(os, "geteuid"):  # such as Windows, where a mode says nothing of who may write
        return
    state = os.fstat(descriptor)
    ways = "pin what it holds with `digest=` or `key=`, or read it yourself and give `load` the bytes"
    if state.st_uid not in {os.geteuid(), 0}:
        raise BundleError(
            f"`{path}` belongs to another user (uid {state.st_uid}{_named_user(state.st_uid, ', ')}), who can write it."
            f" It is code: let this user or root own it, {ways}"
        )
    others = list(_others(descriptor, state))
    if others:
        letters = "".join(sorted({letter for letter, _ in others}))
        raise BundleError(
            f"`{path}` can be written by others (mode {stat.S_IMODE(state.st_mode):o}): by"
            f" {', '.join(who for _, who in others)}. It is code: take that away with"
            f" `chmod {letters}-w {shlex.quote(path)}`, {ways}"
        )


def _others(descriptor: int, state: os.stat_result) -> Iterator[tuple[str, str]]:
    """Yield who else may write a file, each with the letter that `chmod` has for them."""
    users = {state.st_uid, os.geteuid(), 0}
    groups = {_primary_group(state.st_uid), _primary_group(os.geteuid())}
    if state.st_mode & stat.S_IWGRP:
        for kind, identifier in _writers(descriptor):
            gid = state.st_gid if kind == _OWN_GROUP else identifier
            if kind == _NAMED_USER and identifier not in users:
                yield "g", f"the user {identifier}{_named_user(identifier, ' ')}"
            elif kind != _NAMED_USER and gid not in groups:
                yield "g", f"the group {gid}{_named_group(gid)}"
    if state.st_mode & stat.S_IWOTH:
        yield "o", "everybody"


def _writers(descriptor: int) -> list[tuple[int, int]]:
    """Return whom a file lets write beside its owner, when its mode says that the group may.

    With an access control list, that part of the mode says what the list may give at most, and not to whom.
    """
    try:
        data = os.getxattr(descriptor, _ACL)
    except (OSError, AttributeError):  # the file has none, or the system
        return [(_OWN_GROUP, 0)]
    entries = list(_ACL_ENTRY.iter_unpack(data[4:]))
    most = next((allowed for kind, allowed, _ in entries if kind == _MASK), _WRITE)
    kinds = {_NAMED_USER, _OWN_GROUP, _NAMED_GROUP}
    return [(kind, identifier) for kind, allowed, identifier in entries if kind in kinds and allowed & most & _WRITE]


def _primary_group(uid: int) -> int | None:
    try:
        return pwd.getpwuid(uid).pw_gid if _LISTED else os.getegid()
    except KeyError:  # containers run as users that no list has
        return os.getegid() if uid == os.geteuid() else 0 if uid == 0 else None


def _named_user(uid: int, before: str) -> str:
    try:
        return f"{before}`{pwd.getpwuid(uid).pw_name}`" if _LISTED else ""
    except KeyError:
        return ""


def _named_group(gid: int) -> str:
    try:
        return f" `{grp.getgrgid(gid).gr_name}`" if _LISTED else ""
    except KeyError:
        return ""
