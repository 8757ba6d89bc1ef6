"""folium: a map with thirty markers. A macro of the templates is what writes each part, so the page calls them all."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package
from bench.real.projects import COUNT, words


def _run(folder: Path, stack: ExitStack) -> None:
    import folium

    shown = folium.Map([48.0, 11.0])
    for number in range(COUNT):
        popup = folium.Popup(f"<b>{words(number, 3)}</b>")
        folium.Marker([48 + number / 100, 11], popup=popup, tooltip=f"{number} & more").add_to(shown)
    shown.get_root().render()


PACKAGES = (
    Package(
        "folium",
        "a map with 30 markers",
        {"map page": lambda render: "<!DOCTYPE html>" in (render.source or "")},
        _run,
        ("folium",),
    ),
)
