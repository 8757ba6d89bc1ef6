"""`blendtpl render --each`: a text or a message for each row of a file, and a clear word on what is wrong."""

import json
import mailbox
import os
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import blendtpl
from blendtpl.bulk import sync
from tests.bulk.jobs import FORMATS, ROWS, TEMPLATES, rejected, render, rendered, write_bundle, write_rows

GOOD = {number: row for number, row in enumerate(ROWS, 1) if row["share"]}
BAD = {number: row for number, row in enumerate(ROWS, 1) if not row["share"]}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bundle, and the rows in each format."""
    folder = tmp_path_factory.mktemp("inputs")
    write_bundle(folder)
    for kind in FORMATS:
        write_rows(folder / f"rows.{kind}", ROWS)
    return folder


@pytest.fixture
def here(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(inputs)
    monkeypatch.setenv("BLENDTPL_NO_PROGRESS", "1")
    return inputs


def expected(name: str) -> dict[int, str]:
    registry = blendtpl.load(blendtpl.compile(TEMPLATES))
    return {number: registry.render(name, row) for number, row in GOOD.items()}


@pytest.mark.parametrize("output", ["parquet", "jsonl"])
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_each_row_is_rendered_once_or_rejected(kind: str, output: str, here: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("bundle.blend", "hello.html", "--each", f"rows.{kind}", "--out", out, "--as", output)
    result = render(*arguments, "--rows-per-chunk", 5, "--jobs", 2)
    assert result.exit_code == 3
    assert result.stdout == f"{len(GOOD)} of {len(ROWS)} rows rendered into {out}\n"
    assert result.stderr == f"{len(BAD)} rejected: see {out / 'rejects.jsonl'}\n"
    assert rendered(out) == expected("hello.html")
    told = rejected(out)
    assert told.keys() == BAD.keys()
    assert told[5]["error"] == {
        "type": "ZeroDivisionError",
        "message": "integer division or modulo by zero",
        "template": "hello.html",
        "line": 1,
    }
    assert told[5]["values"]["name"] == BAD[5]["name"]
    # the same again has nothing left to do, and says the same of what there is
    before = {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()}
    again = render(*arguments, "--jobs", 1)
    assert (again.exit_code, again.stderr) == (3, result.stderr)
    assert "(23 rows were done before)" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()} == before


def test_values_of_csv_are_texts(here: Path, tmp_path: Path) -> None:
    result = render("bundle.blend", "plain.txt", "--each", "rows.csv", "--out", tmp_path / "out", "--as", "jsonl")
    assert result.exit_code == 0
    assert rendered(tmp_path / "out")[1] == "N1 <é> 1"


def test_columns_that_are_kept_have_their_types(here: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = (
        "bundle.blend",
        "plain.txt",
        "--each",
        "rows.parquet",
        "--out",
        out,
        "--keep",
        "share",
        "--keep",
        "email",
    )
    assert render(*arguments, "--compression", "snappy").exit_code == 0
    tables = [pq.ParquetFile(part).read(use_threads=False) for part in sorted((out / "rows").iterdir())]
    table = pa.concat_tables(tables)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("row", "int64"),
        ("share", "int64"),
        ("email", "string"),
        ("text", "string"),
    ]
    assert table["email"].to_pylist() == [row["email"] for row in ROWS]


def test_files_are_named_by_the_row_or_a_column(here: Path, tmp_path: Path) -> None:
    common = ("bundle.blend", "plain.txt", "--each", "rows.jsonl", "--as", "files", "--rows-per-chunk", 20)
    assert render(*common, "--out", tmp_path / "a").exit_code == 0
    names = sorted(path.relative_to(tmp_path / "a/rows").as_posix() for path in (tmp_path / "a/rows").rglob("*.txt"))
    assert names == [f"part-{(number - 1) // 20:06}/{number:09}.txt" for number in range(1, 24)]
    assert render(*common, "--out", tmp_path / "b", "--file-name", "email").exit_code == 0
    assert (tmp_path / "b/rows/part-000000/n7@example.org.txt").read_text(encoding="utf-8") == "N7 <é> 2"
    told = render(*common, "--out", tmp_path / "c", "--file-name", "share")
    assert told.exit_code == 3  # there are five shares, and names are there once in a folder
    assert {path.name for path in (tmp_path / "c/rows/part-000000").iterdir()} == {f"{share}.txt" for share in range(5)}
    assert all(line["error"]["type"] == "FileNameError" for line in rejected(tmp_path / "c").values())


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a\nb", "x" * 300, "-rf"])
def test_a_name_that_leads_elsewhere_is_a_reject(name: str, here: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [{"name": name, "share": 1}])
    out = tmp_path / "out"
    arguments = ("bundle.blend", "plain.txt", "--each", path, "--out", out, "--as", "files", "--file-name", "name")
    assert render(*arguments).exit_code == 3
    assert [path.name for path in out.rglob("*.txt")] == []
    assert rejected(out)[1]["error"]["type"] == "FileNameError"


def test_messages_are_files_that_mail_programs_read(here: Path, tmp_path: Path) -> None:
    rows = [*ROWS[:4], {**ROWS[4], "email": "no address"}, {**ROWS[5], "email": "a@example.org, b@example.org"}]
    path, out = write_rows(tmp_path / "rows.jsonl", rows), tmp_path / "out"
    result = render("bundle.blend", "mail", "--each", path, "--out", out, "--sender", "us@example.org")
    assert result.exit_code == 3
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(out.rglob("*.eml"))]
    assert [message["To"] for message in found] == [row["email"] for row in rows[:4]]
    assert found[1]["Subject"] == "For N2 <é>"
    assert {number: told["error"]["type"] for number, told in rejected(out).items()} == {
        5: "MessageError",
        6: "MessageError",
    }


def test_a_mailbox_gives_back_every_message_as_it_was(here: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("bundle.blend", "mail", "--each", "rows.csv", "--out", out, "--as", "mbox", "--to", "email")
    assert render(*arguments, "--set", "sender=us@example.org", "--field", "header:X-Share=share").exit_code == 0
    (part,) = (out / "rows").iterdir()
    lines = part.read_bytes().splitlines()
    assert lines.count(b">From us") == len(ROWS)  # mboxrd: one sign is taken away, and what had one gets it back
    assert lines.count(b">>From you") == len(ROWS)
    box = mailbox.mbox(part)
    assert [message["X-Share"] for message in box] == [str(row["share"]) for row in ROWS]
    box.close()


def test_messages_in_parquet_have_their_envelope(here: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("bundle.blend", "mail", "--each", "rows.parquet", "--out", out, "--as", "parquet", "--keep", "name")
    assert render(*arguments, "--sender", "us@example.org", "--field", "bcc=email", "--to", "email").exit_code == 0
    part = out / "rows/part-000000.parquet"
    row = pq.ParquetFile(part).read(use_threads=False).to_pylist()[0]
    assert row.keys() == {"row", "name", "sender", "recipients", "subject", "message"}
    assert (row["sender"], row["recipients"]) == ("us@example.org", ["n1@example.org"])
    assert b"Bcc" not in row["message"]


def test_variables_of_all_rows_come_from_a_file(here: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", [{"name": "a"}, {"name": "b", "share": 2}])
    (tmp_path / "all.json").write_text('{"share": 7}')
    arguments = ("bundle.blend", "plain.txt", "--each", rows, "--out", tmp_path / "out", "--as", "jsonl")
    assert render(*arguments, "--vars", tmp_path / "all.json").exit_code == 0
    assert rendered(tmp_path / "out") == {1: "a 7", 2: "b 2"}  # a row's own goes over them


@pytest.mark.parametrize("kind", FORMATS)
def test_missing_columns_are_listed_before_the_first_row(kind: str, here: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / f"rows.{kind}", [{"nam": "a", "other": 1}])
    result = render("bundle.blend", "hello.html", "--each", rows, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"error: `{rows}` lacks 2 of the columns that `hello.html` reads:",
        "  name  (did you mean `nam`?)",
        "  share",
        "  = it has: nam, other",
        "  = help: give what is the same in all rows by `--vars FILE`, and say `--optional NAME`",
        "          for what a row need not have",
    ]
    assert not (tmp_path / "out").exists()
    optional = ("--optional", "share", "--optional", "name", "--max-rejects", 0)
    ended = render("bundle.blend", "hello.html", "--each", rows, "--out", tmp_path / "out", *optional)
    assert ended.exit_code == 1
    assert "error: 1 rows were rejected, and 0 may be; row 1: UndefinedError: " in ended.stderr


def test_a_template_that_is_chosen_by_a_value_sees_every_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = write_bundle(tmp_path, {"a.txt": "{% include which %}", "b.txt": "{{ hidden }}"})
    rows = write_rows(tmp_path / "rows.parquet", [{"which": "b.txt", "hidden": "seen"}])
    monkeypatch.chdir(tmp_path)
    assert render(bundle, "a.txt", "--each", rows, "--out", "out").exit_code == 0
    assert rendered(Path("out")) == {1: "seen"}


def test_a_column_goes_over_a_global_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path, {"a.txt": "{{ range }} {{ name }}"})
    rows = write_rows(tmp_path / "rows.parquet", [{"range": "mine", "name": "x", "more": 1}])
    monkeypatch.chdir(tmp_path)
    assert render(bundle, "a.txt", "--each", rows, "--out", "out").exit_code == 0
    assert rendered(Path("out")) == {1: "mine x"}
    assert json.loads(Path("out/job.json").read_text())["plan"]["columns"] == ["name", "range"]


MISUSES = [
    (("plain.txt", "--out", "o"), 2, "`--out` goes with `--each FILE`"),
    (("plain.txt", "--jobs", "2"), 2, "`--jobs` goes with `--each FILE`"),
    (("plain.txt", "--each", "rows.csv"), 2, "`--each` needs `--out FOLDER`"),
    (("plain.txt", "--each", "rows.csv", "--out", "o", "--as", "mbox"), 1, "`plain.txt` is a template, and `mbox`"),
    (("plain.txt", "--each", "rows.csv", "--out", "o", "--to", "email"), 1, "is a template, and not a message"),
    (
        ("plain.txt", "--each", "rows.csv", "--out", "o", "--keep", "nane"),
        1,
        "no column `nane`, which --keep names; ",
    ),
    (("plain.txt", "--each", "rows.csv", "--out", "o", "--block", "x"), 1, "no block `x` in template `plain.txt`"),
    (("plain.txt", "--each", "none.csv", "--out", "o"), 1, "`none.csv` does not exist"),
    (("plane.txt", "--each", "rows.csv", "--out", "o"), 1, "no template `plane.txt`"),
    (("mail", "--each", "rows.csv", "--out", "o", "--set", "cc"), 2, "`--set cc` should be `--set FIELD=TEXT`"),
    (("mail", "--each", "rows.csv", "--out", "o", "--field", "reply=email"), 1, "`reply` is no field of a message"),
    (("mail", "--each", "rows.csv", "--out", "o", "--file-name", "name", "--as", "mbox"), 1, "no file for each row"),
    (("plain.txt", "--each", "rows.csv", "--out", ".", "--keep", "text"), 1, "no column `text`"),
    (("plain.txt", "--each", "rows.csv", "--out", "."), 1, "`.` has other files"),
]


@pytest.mark.parametrize(("arguments", "status", "told"), MISUSES, ids=lambda value: str(value)[:60])
def test_what_cannot_be_is_told_before_anything_is_written(
    arguments: tuple[str, ...], status: int, told: str, here: Path
) -> None:
    before = sorted(path.name for path in here.iterdir())
    result = render("bundle.blend", *arguments)
    assert told in result.stderr
    assert result.exit_code == status
    assert sorted(path.name for path in here.iterdir()) == before


def test_another_job_in_the_same_folder_is_refused_with_what_differs(here: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", ROWS)
    out = tmp_path / "out"
    assert render("bundle.blend", "plain.txt", "--each", rows, "--out", out, "--as", "jsonl").exit_code == 0
    write_rows(rows, ROWS[:3])
    result = render("bundle.blend", "hello.html", "--each", rows, "--out", out, "--as", "jsonl")
    assert result.exit_code == 1
    first, source, what, *rest = result.stderr.splitlines()
    assert first == f"error: `{out}` has the output of another job, which cannot be gone on with:"
    assert source.startswith("  the input: `")
    assert what == '  what is rendered: "plain.txt" then, and "hello.html" now'
    assert rest == ["  = help: give another folder, or remove that one"]
    assert len(rendered(out)) == len(ROWS)


def test_an_input_that_was_only_copied_is_the_same(here: Path, tmp_path: Path) -> None:
    rows, out = write_rows(tmp_path / "rows.csv", ROWS), tmp_path / "out"
    arguments = ("bundle.blend", "plain.txt", "--each", rows, "--out", out, "--as", "jsonl")
    assert render(*arguments).exit_code == 0
    os.utime(rows, (1, 1))
    assert "(23 rows were done before)" in render(*arguments).stdout


def test_a_full_disk_ends_the_job_and_what_was_done_stays(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    arguments = ("bundle.blend", "plain.txt", "--each", "rows.csv", "--out", out, "--as", "jsonl")
    small = (*arguments, "--rows-per-chunk", 10, "--jobs", 1)
    with monkeypatch.context() as patch:

        def full(file: Any) -> None:
            if "part-000001" in str(file.name):
                raise OSError(28, "No space left on device", str(file.name))

        patch.setattr("blendtpl.bulk.outputs.sync_file", full)
        result = render(*small)
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error: `{out}/rows/.part-000001.jsonl.")
    assert first.endswith("`: No space left on device")
    assert second == "  = 1 of 3 chunks are done and stay; the same command goes on from there"
    assert [path.name for path in (out / "rows").iterdir()] == ["part-000000.jsonl"]
    assert render(*arguments).exit_code == 0
    assert len(rendered(out)) == len(ROWS)


def test_files_of_a_folder_are_synced_one_by_one_where_there_is_no_other_way(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_sync_file_system", lambda path: False)
    arguments = ("bundle.blend", "plain.txt", "--each", "rows.csv", "--out", tmp_path / "out", "--as", "files")
    assert render(*arguments).exit_code == 0
    assert len(list((tmp_path / "out").rglob("*.txt"))) == len(ROWS)


def test_no_rows_are_no_mistake(here: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("name,share\n")
    result = render("bundle.blend", "plain.txt", "--each", rows, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (0, f"0 of 0 rows rendered into {tmp_path / 'out'}\n")
