"""Configurations and migrations: a router by NAPALM, tables and a diagram by Piccolo."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, write


class _Router:
    """What NAPALM's function needs of a driver: it is given the text in place of the router."""

    def load_merge_candidate(self, config: str, filename: None = None) -> None:
        assert config


def _napalm(folder: Path, stack: ExitStack) -> None:
    from napalm.base.helpers import load_template
    from napalm.ios import IOSDriver

    router: Any = type("IOSDriver", (_Router,), {"__module__": IOSDriver.__module__})()
    servers = [f"10.0.0.{number}" for number in range(COUNT)]
    load_template(router, "set_ntp_servers", servers=servers, template_source=None)
    community = {
        f"public{number}": {"mode": "rw" if number % 2 else "ro", "acl": str(number)} for number in range(COUNT)
    }
    load_template(
        router, "snmp_config", community=community, location="here", contact="Ada", chassis_id="7", template_source=None
    )


def _piccolo(folder: Path, stack: ExitStack) -> None:
    from piccolo.apps.schema.commands.graph import graph

    kinds = ("Varchar()", "Integer()", "Boolean()", "Timestamp()")
    tables = "".join(
        f"\nclass Table{number}(Table):\n"
        + "".join(f"    field{at} = {kinds[at % 4]}\n" for at in range(8))
        + (f"    other = ForeignKey(Table{number - 1})\n" if number else "")
        for number in range(COUNT)
    )
    start = "from piccolo.table import Table\nfrom piccolo.columns import *\n"
    conf = "from piccolo.conf.apps import AppRegistry\nAPP_REGISTRY = AppRegistry(apps=['shop_app'])\nDB = None\n"
    app = "from piccolo.conf.apps import AppConfig, table_finder\nAPP_CONFIG = AppConfig(app_name='shop', "
    app += f"migrations_folder_path={str(folder)!r}, table_classes=table_finder(['shop_tables']))\n"
    write(folder, {"shop_tables.py": start + tables, "piccolo_conf.py": conf, "shop_app.py": app})
    stack.callback(setattr, sys, "path", list(sys.path))
    sys.path.insert(0, str(folder))
    graph(output=str(folder / "out.dot"))


PACKAGES = (
    Package(
        "napalm",
        "thirty servers and communities of a router",
        {
            "router: time servers": lambda render: "ntp server" in render.text,
            "router: SNMP": lambda render: "snmp-server" in render.text,
        },
        _napalm,
        ("napalm",),
    ),
    Package("piccolo", "thirty tables", {"diagram of tables": "graphviz.dot.jinja"}, _piccolo, ("piccolo",)),
)
