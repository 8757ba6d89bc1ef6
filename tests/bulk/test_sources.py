"""Sources: rows as they are in the file, whatever the chunks that it is cut into."""

import csv
import datetime
import decimal
import io
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blendtpl.bulk.csv_rows import CsvSource
from blendtpl.bulk.errors import BulkError
from blendtpl.bulk.formats import kind_of_input, open_source
from blendtpl.bulk.sources import BadRow, Identity, Source
from tests.bulk.jobs import FORMATS, ROWS, write_rows


def all_rows(source: Source, size: int, columns: Collection[str] | None = None) -> list[Any]:
    """Return the rows of all chunks, which must follow each other."""
    found: list[Any] = []
    reader = source.reader(columns)
    for index, chunk in enumerate(source.chunks(size)):
        assert (chunk.index, chunk.first) == (index, len(found) + 1)
        rows = [row for batch in reader.batches(chunk) for row in batch]
        assert len(rows) == chunk.rows
        found += rows
    reader.close()
    return found


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("kind", FORMATS)
def test_chunks_of_any_size_have_the_same_rows(kind: str, size: int, tmp_path: Path) -> None:
    path = write_rows(tmp_path / f"rows.{kind}", ROWS)
    expected: list[Any] = [{name: str(value) for name, value in row.items()} for row in ROWS] if kind == "csv" else ROWS
    assert all_rows(open_source(path, kind), size) == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_chunks_can_be_read_in_any_order(kind: str, tmp_path: Path) -> None:
    source = open_source(write_rows(tmp_path / f"rows.{kind}", ROWS), kind)
    chunks, reader = list(source.chunks(3)), source.reader(None)
    for chunk in (*reversed(chunks), chunks[2], chunks[5]):
        first = next(reader.batches(chunk))[0]
        assert first["name"] == ROWS[chunk.first - 1]["name"]
    reader.close()


TEXT = st.text(st.sampled_from('ab",\n\r é'), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=12), quoting=st.sampled_from([0, 1]), size=st.integers(1, 5))
def test_csv_is_read_as_the_standard_library_reads_it(
    rows: list[tuple[str, str]], quoting: Any, size: int, tmp_path: Path
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=quoting).writerows([("a", "b"), *rows])
    path = tmp_path / "rows.csv"
    path.write_bytes(text.getvalue().encode())
    assert all_rows(CsvSource(path, ","), size) == [{"a": first, "b": second} for first, second in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.text(st.sampled_from('a",\r '), max_size=6), max_size=12), size=st.integers(1, 5))
def test_csv_that_nobody_would_write_is_cut_where_the_standard_library_ends_rows(
    lines: list[str], size: int, tmp_path: Path
) -> None:
    path, data = tmp_path / "rows.csv", "a,b\n" + "\n".join(lines)
    path.write_bytes(data.encode())
    whole: list[list[str] | None] = []
    reader = csv.reader(io.StringIO(data, newline="\n"))
    next(reader)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error:
            whole.append(None)
        else:
            whole += [fields] if fields else []
    found = all_rows(CsvSource(path, ","), size)
    assert [None if isinstance(row, BadRow) else list(row.values()) for row in found] == [
        row if row is not None and len(row) == 2 else None for row in whole
    ]


def test_rows_of_csv_that_are_none_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3\r\n4,5,6\r\n\xff,7\r\n8,9")
    found = all_rows(open_source(path, "csv"), 2)
    assert found == [
        {"a": "1", "b": "2"},
        BadRow("3", "it has 1 fields, and the header has 2"),
        BadRow("4,5,6", "it has 3 fields, and the header has 2"),
        BadRow("\ufffd,7", "it is not UTF-8"),
        {"a": "8", "b": "9"},
    ]


def test_lines_that_are_no_json_objects_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n[2]\n{"a": \n\xff\n{"b": null}')
    first, listed, broken, bytes_, last = all_rows(open_source(path, "jsonl"), 2)
    assert (first, last) == ({"a": 1}, {"b": None})
    assert listed == BadRow("[2]", "it is no JSON object, from column names to values")
    assert (broken.text, broken.problem[:13]) == ('{"a": ', "it is no JSON")
    assert bytes_ == BadRow("\ufffd", "it is not UTF-8")


def test_values_of_parquet_are_those_of_python(tmp_path: Path) -> None:
    values = {
        "day": pa.array([datetime.date(2024, 2, 29), None]),
        "moment": pa.array([1_709_164_800_123_456_789, None], pa.timestamp("ns", "UTC")),
        "price": pa.array([decimal.Decimal("12.50"), None]),
        "user": pa.array([{"name": "Ada", "tags": ["a"]}, None]),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "kind": pa.array(["x", None]).dictionary_encode(),
    }
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(values), path)
    first, second = all_rows(open_source(path, "parquet"), 1)
    assert first == {
        "day": datetime.date(2024, 2, 29),
        "moment": datetime.datetime(2024, 2, 29, 0, 0, 0, 123456, tzinfo=first["moment"].tzinfo),
        "price": decimal.Decimal("12.50"),
        "user": {"name": "Ada", "tags": ["a"]},
        "map": {"k": 1},
        "kind": "x",
    }
    assert second == dict.fromkeys(values)


def test_a_value_that_python_has_not_makes_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"day": pa.array([0, 2_000_000_000, 1], pa.date32())}), path)
    first, bad, last = all_rows(open_source(path, "parquet"), 10)
    assert (first, last) == ({"day": datetime.date(1970, 1, 1)}, {"day": datetime.date(1970, 1, 2)})
    assert bad.problem.startswith("it cannot be read: ")


@pytest.mark.parametrize("columns", [["email"], []])
def test_columns_that_nobody_asks_for_are_not_read(columns: list[str], tmp_path: Path) -> None:
    for kind in ("csv", "parquet"):
        source = open_source(write_rows(tmp_path / f"rows.{kind}", ROWS), kind)
        assert all_rows(source, 7, columns) == [{name: row[name] for name in columns} for row in ROWS]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.parquet", b"PAR1 no", "cannot be read as Parquet"),
        ("a.csv", b"", "is empty: its first line should name the columns"),
        ("a.csv", b"a,b,a\n", "has more than one column `a`"),
        ("a.csv", b"\xff\xfea\0,\0b\0\n", "is no CSV in UTF-8"),
        ("a.xlsx", b"", "does not say what it is"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(name: str, data: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BulkError, match=told):
        open_source(path, kind_of_input(path))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BulkError, match="is a folder: give one file"):
        open_source(tmp_path, "csv")
    with pytest.raises(BulkError, match="does not exist"):
        open_source(tmp_path / "none.csv", "csv")


def test_a_row_group_that_is_damaged_is_told_with_its_number(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.parquet", ROWS * 50, row_group=500)
    data = bytearray(path.read_bytes())
    start = pq.read_metadata(path).row_group(1).column(0).dictionary_page_offset
    data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    source = open_source(path, "parquet")
    reader, chunks = source.reader(None), list(source.chunks(500))
    assert sum(len(rows) for rows in reader.batches(chunks[0])) == 500
    with pytest.raises(BulkError, match=r"rows\.parquet` cannot be read: row group 1: "):
        list(reader.batches(chunks[1]))
    reader.close()


def test_an_input_is_the_same_when_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"a": 1}), encoding="utf-8")
    before = Identity.of(path)
    assert Identity.of(path, before) is before
    path.write_text(json.dumps({"a": 2}), encoding="utf-8")
    assert Identity.of(path, before).digest != before.digest
