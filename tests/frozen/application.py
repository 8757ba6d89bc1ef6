"""An application that is frozen: it renders from a bundle among its own data, and tells what it runs on."""

import sys
import traceback
from importlib import resources

import blendtpl
from blendtpl.tools.versions import version_line


def main() -> None:
    data = resources.files(__package__ or "shop").joinpath("shop.blend").read_bytes()
    registry = blendtpl.load(data)
    print(version_line())
    print(registry.render("a.html", rows=[{"name": "<Ada>"}, {"name": "Bob"}]))
    try:
        registry.render("a.html", rows=[{}])
    except blendtpl.UndefinedError as error:
        print(error)
        shown = "".join(traceback.format_exception(error))
        print('File "a.html", line 2' in shown, "{{ loop.index }} {{ row.name }}" in shown)
    print(blendtpl.Environment().from_string("{{ x|title }}").render(x="live"))
    print(blendtpl.load(blendtpl.compile({"b.html": "{{ 6 * 7 }}"})).render("b.html"))
    print(sorted(name for name in sys.modules if name.startswith("blendtpl._")))


if __name__ == "__main__":
    main()
