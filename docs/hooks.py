"""What the site has beside the pages of this folder: files of the project's top folder, which stay where readers of the
repository look for them.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_TOP = Path(__file__).parent.parent
_PAGES = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md", "security.md": "SECURITY.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add those files as pages; their links into this folder begin here."""
    for page, source in _PAGES.items():
        text = re.sub(r"\]\(docs/", "](", (_TOP / source).read_text(encoding="utf-8"))
        for other, original in _PAGES.items():
            text = text.replace(f"]({original}", f"]({other}")
        files.append(File.generated(config, page, content=text))
    return files
