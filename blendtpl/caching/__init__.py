"""Caches of fragments: the tag `cache`, and stores for what it keeps."""

from typing import TYPE_CHECKING

from blendtpl.caching.tag import CacheExtension
from blendtpl.extras import not_installed

if TYPE_CHECKING:
    from blendtpl.caching.disk import DiskCache
    from blendtpl.caching.redis import RedisCache

__all__ = ["CacheExtension", "DiskCache", "RedisCache"]


def __getattr__(name: str) -> type:
    if name == "DiskCache":
        try:
            from blendtpl.caching.disk import DiskCache
        except ImportError as error:
            raise not_installed("`DiskCache`", error, "cache") from error
        return DiskCache
    if name == "RedisCache":
        from blendtpl.caching.redis import RedisCache

        return RedisCache
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
