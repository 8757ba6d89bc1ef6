"""What can go wrong with a bulk job as a whole. What is wrong with one row is a reject, and ends nothing."""

from collections.abc import Sequence

from blendtpl.errors import BlendError, closest
from blendtpl.printable import one_line

_COLUMNS_SHOWN = 30


class BulkError(BlendError):
    """A bulk job cannot begin or cannot go on. What it has done stays, and the same call goes on from there."""


class MissingColumnsError(BulkError):
    """What is rendered reads `missing`, and the input has only `columns`."""

    def __init__(self, path: str, name: str, missing: Sequence[str], columns: Sequence[str]) -> None:
        super().__init__(path, name, missing, columns)
        self.path, self.name = path, name
        self.missing, self.columns = tuple(missing), tuple(columns)

    def _text(self) -> str:
        lines = [f"`{self.path}` lacks {len(self.missing)} of the columns that `{self.name}` reads:"]
        for wanted in self.missing:
            close = closest(wanted, self.columns)
            lines.append(f"  {one_line(wanted)}" + (f"  (did you mean `{close}`?)" if close else ""))
        shown = ", ".join(one_line(column) for column in self.columns[:_COLUMNS_SHOWN]) or "no columns"
        more = f", and {len(self.columns) - _COLUMNS_SHOWN} more" if len(self.columns) > _COLUMNS_SHOWN else ""
        lines.append(f"  = it has: {shown}{more}")
        lines.append("  = help: give what is the same in all rows by `--vars FILE`, and say `--optional NAME`")
        lines.append("          for what a row need not have")
        return "\n".join(lines)


class OtherJobError(BulkError):
    """A folder has what another job has made; `differences` are lines that say how that was another."""

    def __init__(self, folder: str, differences: Sequence[str]) -> None:
        super().__init__(folder, differences)
        self.folder, self.differences = folder, tuple(differences)

    def _text(self) -> str:
        return "\n".join(
            [
                f"`{self.folder}` has the output of another job, which cannot be gone on with:",
                *(f"  {difference}" for difference in self.differences),
                "  = help: give another folder, or remove that one",
            ]
        )
