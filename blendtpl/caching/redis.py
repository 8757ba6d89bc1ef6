"""A cache of fragments in Redis, for all machines that share it.

Enters: keys and texts. Leaves: texts, or what awaits them. How much is kept, and what goes first, is Redis's to say
(`maxmemory`).
"""

from typing import Any


class RedisCache:
    """Fragments in Redis, under keys that begin with `prefix`. `client` is a `redis.Redis` or, where templates wait, a
    `redis.asyncio.Redis`.
    """

    def __init__(self, client: Any, *, prefix: str = "blendtpl:") -> None:
        self._client, self._prefix = client, prefix

    def get(self, key: str) -> Any:
        """Return the text of a key, or `None`; of an asynchronous client, what awaits that."""
        found = self._client.get(self._prefix + key)
        return _text_later(found) if hasattr(found, "__await__") else _text(found)

    def set(self, key: str, text: str, seconds: float | None = None) -> Any:
        """Keep a text, for so many seconds at most."""
        milliseconds = None if seconds is None else max(1, round(seconds * 1000))
        return self._client.set(self._prefix + key, text.encode("utf-8", "surrogatepass"), px=milliseconds)


def _text(found: str | bytes | None) -> str | None:
    return found.decode("utf-8", "surrogatepass") if isinstance(found, bytes) else found


async def _text_later(found: Any) -> str | None:
    return _text(await found)
