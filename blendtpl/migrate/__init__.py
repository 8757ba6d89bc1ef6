"""Migrate: old call sites of a code base become calls of a registry. Needs the extra `migrate`."""

from blendtpl.migrate.files import File, Unreadable, write_file
from blendtpl.migrate.rewrite import Remark, Rewritten
from blendtpl.migrate.run import Migration, Result, migrate
from blendtpl.migrate.templates import Templates

__all__ = ["File", "Migration", "Remark", "Result", "Rewritten", "Templates", "Unreadable", "migrate", "write_file"]
