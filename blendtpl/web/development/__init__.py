"""Development: pages that follow their templates, and that show what is wrong, around an application of WSGI or ASGI.

Enters: an application, and a registry of `blendtpl.watch`. Leaves: the same application, in which a browser reloads a
page whose templates change, and shows a mistake in them, or an exception, in its place. It is for development alone:
without ``debug=True`` an application is called as if nothing were around it.
"""

from blendtpl.extras import not_installed

try:
    from blendtpl.web.development.asgi import AsgiDevelopment
    from blendtpl.web.development.wsgi import WsgiDevelopment
except ImportError as error:
    raise not_installed("`blendtpl.web.development`", error, "watch") from None

__all__ = ["AsgiDevelopment", "WsgiDevelopment"]
