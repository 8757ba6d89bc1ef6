"""Extras: the libraries that parts of blendtpl need and rendering does not.

Enters: an import that failed. Leaves: an error that says what to install, wherever this blendtpl came from.
"""

from blendtpl.errors import ConfigError

_EXTRAS = {
    "click": "build",
    "diskcache": "build",
    "rich": "build",
    "sqlite3": "",
    **dict.fromkeys(("css_inline", "cssselect2", "tinycss2"), "email"),
    "greenlet": "async",
    "babel": "messages",
    "libcst": "migrate",
    "cryptography": "dkim",
    "mjml": "mjml",
    "aiosmtplib": "aiosmtplib",
    "starlette": "preview",
    "uvicorn": "preview",
    "watchfiles": "preview",
    "psutil": "walker",
    "prometheus_client": "metrics",
    "opentelemetry": "otel",
    "matplotlib": "graph",
    "celery": "celery",
    "pyarrow": "bulk",
    "distributed": "dask",
}


class NotInstalledError(ConfigError, ImportError):
    """A part of blendtpl was asked for whose libraries are not installed; `name` is the first that is missing."""

    def __init__(self, what: str, name: str, extra: str = "") -> None:
        ImportError.__init__(self, what, name, name=name)
        self.what, self._extra = what, extra

    def __reduce__(self) -> tuple[type["NotInstalledError"], tuple[str, str, str]]:
        return NotInstalledError, (self.what, str(self.name), self._extra)

    def __str__(self) -> str:
        library = str(self.name)
        if library.partition(".")[0] == "blendtpl":
            return (
                f"{self.what} needs `{library}`, which was left out where this was installed: install all of blendtpl"
            )
        extra = self._extra or _EXTRAS.get(library.partition(".")[0])
        if not extra:
            return f"{self.what} needs `{library}`, which this Python comes without"
        return (
            f"{self.what} needs `{library}`: install blendtpl with the extra `{extra}`, from where you have it"
            f" (in a checkout `pip install '.[{extra}]'`)"
        )


def not_installed(what: str, error: ImportError, extra: str = "") -> NotInstalledError:
    """Return the error for `what`, which cannot be done because of that import; one of another kind is raised again.

    `extra` is what brings the library for this, where several do.
    """
    if (error.name or "").partition(".")[0] not in {*_EXTRAS, "blendtpl"} or not isinstance(error, ModuleNotFoundError):
        raise error
    return NotInstalledError(what, str(error.name), extra)
