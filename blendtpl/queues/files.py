"""A broker for an app that names none: folders on this machine.

Enters: an app's settings, when they have been read. Leaves: settings that name a broker. The file system takes no
server and is for trying things; a message that a worker has taken is in no file any more, and is lost with the worker.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAMED = ("broker_url", "broker_read_url", "broker_write_url")


def broker_settings(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the settings that are missing for a broker; none where one is named."""
    if any(settings.get(name) or os.environ.get(f"CELERY_{name.upper()}") for name in _NAMED):
        return {}
    queue, control = folder / "messages", folder / "control"
    for each in (folder, queue, control):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)  # whoever can write there has the worker run tasks
    places = {"data_folder_in": str(queue), "data_folder_out": str(queue), "control_folder": str(control)}
    return {"broker_url": "filesystem://", "broker_transport_options": places}
