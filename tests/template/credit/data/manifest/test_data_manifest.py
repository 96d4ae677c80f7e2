"""A manifest names Parquet files that stay where they are: every row once, its own content, or a refusal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from contract_draft.values.text_table import open_text_table
from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.data.manifest.__main__ import run
from credit.data.manifest.content import DataManifest, read_manifest, write_manifest
from credit.data.manifest.making import make_manifest
from credit.data.manifest.params import IngestParams
from credit.data.raw_files import open_raw_table
from stages.ingest import ingest_table
from testing.parts.servers import make_s3_client

CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "income": Column(type="integer", role="feature", missing="allowed", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)


def make_part(first: int, rows: int = 100) -> pa.Table:
    return pa.table({"income": range(first, first + rows), "paid": [i % 2 == 0 for i in range(rows)]})


def serialize(table: pa.Table) -> bytes:
    """Serialize to a file whose size does not depend on the values."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
    return bytes(sink.getvalue())


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A folder of three files of a hundred rows, in an order of paths that is not that of numbers."""
    lake = tmp_path / "lake"
    for name, first in (("part-10.parquet", 100), ("part-9.parquet", 200), ("b/a[1]*?.parquet", 0)):
        (lake / name).parent.mkdir(parents=True, exist_ok=True)
        (lake / name).write_bytes(serialize(make_part(first)))
    (lake / "_SUCCESS").touch()
    (lake / ".old").mkdir()
    pq.write_table(make_part(900), lake / ".old/part.parquet")
    return lake


def ingest(raw: Path, roots: tuple[str, ...]) -> list[int]:
    """Ingest, and return the incomes in the order of the typed table."""
    typed = raw.parent / "typed.parquet"
    ingest_table(CONTRACT, raw, typed, "mine.yaml", roots)
    return list(map(int, pd.read_parquet(typed)["income"]))


def refuse(raw: Path, roots: tuple[str, ...]) -> str:
    """Return why the manifest is refused; nothing is written then."""
    with pytest.raises(CreditError) as caught:
        ingest(raw, roots)
    assert not (raw.parent / "typed.parquet").exists()
    return "\n".join(map(str, caught.value.problems))


def test_every_row_of_every_file_is_read_once_in_the_order_of_their_paths(lake: Path, tmp_path: Path) -> None:
    manifest = make_manifest(str(lake))
    assert [part.path for part in manifest.parts] == ["b/a[1]*?.parquet", "part-10.parquet", "part-9.parquet"]
    assert (manifest.rows, manifest.columns) == (300, ("income", "paid"))
    write_manifest(manifest, tmp_path / "raw")
    assert read_manifest(tmp_path / "raw") == manifest
    assert ingest(tmp_path / "raw", (str(tmp_path),)) == list(range(300))


def test_the_command_says_what_is_new_and_writes_over_no_data(
    lake: Path, tmp_path: Path, call: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    raw = tmp_path / "raw"
    code, told = call(str(lake), str(raw))
    assert (code, told["parts"], told["new"], told["changed"], told["gone"]) == (0, 3, 3, 0, 0)
    first = raw.read_bytes()
    assert call(str(lake), str(raw))[1]["new"] == 0
    assert raw.read_bytes() == first
    pq.write_table(make_part(500), lake / "part-9.parquet")
    pq.write_table(make_part(600), lake / "part-8.parquet")
    (lake / "part-10.parquet").unlink()
    told = call(str(lake), str(raw))[1]
    assert (told["parts"], told["new"], told["changed"], told["gone"]) == (3, 1, 1, 1)
    text = raw.read_text()
    raw.write_text(text.replace('"rows": 100', '"rows": 99', 1))
    assert call(str(lake), str(raw))[1]["new"] == 3
    assert raw.read_text() == text
    raw.write_text("income,paid\n1,true\n")
    with pytest.raises(CreditError, match="no manifest, expected nothing"):
        call(str(lake), str(raw))
    assert raw.read_text() == "income,paid\n1,true\n"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Return a function that calls the command with --json."""

    def call_command(*words: str) -> tuple[int, dict[str, Any]]:
        code = run.main([*words, "--json"], standalone_mode=False)
        return code, json.loads(capsys.readouterr().out)

    return call_command


def test_files_are_read_below_roots_that_params_name_only(lake: Path, tmp_path: Path) -> None:
    write_manifest(make_manifest(str(lake)), tmp_path / "raw")
    for roots in ((), (f"{tmp_path}/lak",), (f"{lake}/b",)):
        assert "expected one below ingest.parts_from" in refuse(tmp_path / "raw", roots)
    assert len(ingest(tmp_path / "raw", (str(lake),))) == 300
    with duckdb.connect() as connection:
        assert open_raw_table(tmp_path / "raw", (), connection, roots=None).columns == ("income", "paid")


def test_a_file_that_changed_or_is_gone_is_named_and_nothing_is_written(lake: Path, tmp_path: Path) -> None:
    raw, roots = tmp_path / "raw", (str(lake),)
    write_manifest(make_manifest(str(lake)), raw)
    content = (lake / "part-9.parquet").read_bytes()
    as_large = serialize(make_part(300))
    assert len(as_large) == len(content)
    (lake / "part-9.parquet").write_bytes(as_large)
    assert refuse(raw, roots) == (
        f"{lake}/part-9.parquet: found other content, expected that of the manifest; restore it, or make manifest again"
    )
    (lake / "part-9.parquet").write_bytes(serialize(make_part(200, 99)))
    assert "part-9.parquet: found " in refuse(raw, roots)
    (lake / "part-9.parquet").unlink()
    assert "part-9.parquet: found No such file" in refuse(raw, roots)
    (lake / "part-9.parquet").write_bytes(content)
    assert len(ingest(raw, roots)) == 300


def test_ten_of_many_files_that_are_gone_are_named_and_the_others_counted(tmp_path: Path) -> None:
    lake, raw = tmp_path / "lake", tmp_path / "raw"
    lake.mkdir()
    for number in range(13):
        pq.write_table(make_part(number), lake / f"{number:02}.parquet")
    write_manifest(make_manifest(str(lake)), raw)
    for file in lake.iterdir():
        file.unlink()
    told = refuse(raw, (str(lake),)).splitlines()
    assert (len(told), told[-1].split(": ")[1]) == (11, "3 more files like these")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines[:-1], "rows: found 200 in its lines, expected 300"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "expected paths in order, once each"),
        (lambda lines: [lines[0], lines[1], lines[1], lines[3]], "expected paths in order, once each"),
        (lambda lines: [*lines[:3], lines[3].replace("part-9", "../part-9")], "line 4: found the path"),
        (lambda lines: [*lines[:3], lines[3].replace("part-9", "/etc/part-9")], "line 4: found the path"),
        (lambda lines: [*lines[:3], lines[3].replace("sha256", "md5")], "line 4: found md5: Extra inputs"),
        (lambda lines: [*lines[:3], lines[3][:-9]], "line 4: found Invalid JSON"),
        (lambda lines: [lines[0].replace('"format_version": 1', '"format_version": 2'), *lines[1:]], "update the temp"),
        (lambda lines: [lines[0].replace("income", "outcome"), *lines[1:]], "columns: other names than in its files"),
        (lambda lines: [lines[0].replace('/lake/"', '/lake"'), *lines[1:]], "with a slash at its end"),
        (lambda lines: [lines[0].replace('"rows": 300', '"rows": -1'), *lines[1:]], "line 1: found rows: Input"),
        (lambda lines: lines[:1], "parts: found 0 in its lines, expected 3"),
    ],
)
def test_a_damaged_manifest_is_named_with_its_line(
    lake: Path, tmp_path: Path, change: Callable[[list[str]], list[str]], found: str
) -> None:
    write_manifest(make_manifest(str(lake)), tmp_path / "raw")
    lines = (tmp_path / "raw").read_text().splitlines()
    (tmp_path / "raw").write_text("".join(f"{line}\n" for line in change(lines)))
    assert found in refuse(tmp_path / "raw", (str(tmp_path),))


def test_rows_that_the_files_do_not_have_stop_the_stage(lake: Path, tmp_path: Path) -> None:
    manifest = make_manifest(str(lake))
    first = manifest.parts[0].model_copy(update={"rows": 99})
    told = DataManifest(root=manifest.root, columns=manifest.columns, parts=(first, *manifest.parts[1:]))
    write_manifest(told, tmp_path / "raw")
    assert "300 read rows, expected 299 together" in refuse(tmp_path / "raw", (str(tmp_path),))


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (lambda lake: pq.write_table(make_part(0).rename_columns(["x", "paid"]), lake / "z.parquet"), "other columns"),
        (lambda lake: (lake / "z.parquet").write_bytes(b"PAR1"), "z.parquet: found cannot be read"),
        (lambda lake: [(lake / "_delta_log").mkdir(), (lake / "_delta_log/0.json").touch()], "a Delta table"),
        (lambda lake: (lake / "part-9.parquet").rename(lake / "part-9.PARQUET"), "part-9.PARQUET among the data"),
        (lambda lake: [(lake / "x.csv").touch(), (lake / "b/y").touch()], "b/y and 1 more among the data"),
        (lambda lake: (lake / "part-9.parquet").rename(lake / "part\\9.parquet"), "a plain path below the root"),
        (lambda lake: (lake / "part-9.parquet").rename(lake / "\udce4.parquet"), "a name that is not UTF-8"),
        (
            lambda lake: pq.write_table(pa.table({"Income": [1], "income": [1]}), lake / "a.parquet"),
            "a name used by column 1 too",
        ),
        (
            lambda lake: (lake / "year=2026").mkdir() or (lake / "part-9.parquet").rename(lake / "year=2026/a.parquet"),
            "year, a column that only the folder's name has",
        ),
    ],
)
def test_files_that_are_no_table_are_named_when_the_manifest_is_made(
    lake: Path, write: Callable[[Path], object], found: str
) -> None:
    write(lake)
    with pytest.raises(CreditError, match=found):
        make_manifest(str(lake))


def test_a_place_without_data_is_named(tmp_path: Path) -> None:
    for source, found in ((str(tmp_path), "no data"), (f"{tmp_path}/x", "no such folder"), ("gs://b/x", "protocol gs")):
        with pytest.raises(CreditError, match=found):
            make_manifest(source)


class Bucket:
    """A bucket of a real S3 server, that keeps versions or does not."""

    def __init__(self, address: str, is_versioned: bool) -> None:
        self.client, self.name = make_s3_client(address), f"lake-{uuid4().hex}"
        self.client.create_bucket(Bucket=self.name)
        if is_versioned:
            self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, table: pa.Table) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=serialize(table))


@pytest.fixture(params=[True, False], ids=["versions", "no-versions"])
def bucket(request: pytest.FixtureRequest, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket, with three files below `loans/`."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    bucket = Bucket(s3["AWS_ENDPOINT_URL"], request.param)
    for name, first in (("a/part 1?[x].parquet", 0), ("part-10.parquet", 100), ("part-9.parquet", 200)):
        bucket.put(f"loans/{name}", make_part(first))
    bucket.put("loans/_temporary/x.parquet", make_part(900))
    return bucket


def test_objects_are_read_as_they_were_when_the_manifest_was_made_or_not_at_all(
    bucket: Bucket, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root = f"s3://{bucket.name}/loans"
    manifest = make_manifest(root)
    write_manifest(manifest, tmp_path / "raw")
    assert "expected one below ingest.parts_from" in refuse(tmp_path / "raw", (f"s3://{bucket.name}/loan",))
    assert ingest(tmp_path / "raw", (root,)) == list(range(300))
    (tmp_path / "typed.parquet").unlink()
    bucket.put("loans/part-9.parquet", make_part(700))
    if manifest.parts[0].version:
        assert ingest(tmp_path / "raw", (root,)) == list(range(300))
    else:
        assert "has changed" in refuse(tmp_path / "raw", (root,))
    bucket.client.put_object(Bucket=bucket.name, Key="loans/_delta_log/0.json", Body=b"{}")
    with pytest.raises(CreditError, match="a Delta table"):
        make_manifest(root)
    bucket.client.delete_object(Bucket=bucket.name, Key="loans/_delta_log/0.json")
    again = make_manifest(root)
    assert [one == two for one, two in zip(manifest.parts, again.parts, strict=True)] == [True, True, False]
    assert bool(again.parts[0].version) == ("no-versions" not in request.node.name)


def test_a_store_that_does_not_answer_or_lets_nobody_in_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(CreditError, match="cannot be read: Unable to locate credentials"):
        make_manifest("s3://bucket/loans")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    with pytest.raises(CreditError, match="cannot be read: Could not connect"):
        make_manifest("s3://bucket/loans")


@pytest.mark.parametrize("root", ["", "/", "lake", "s3://", "file:///x"])
def test_a_root_that_says_no_place_is_refused(root: str) -> None:
    with pytest.raises(ValidationError):
        IngestParams(parts_from=(root,))


def test_a_drafter_refuses_files_that_are_not_those_of_the_manifest(lake: Path, tmp_path: Path) -> None:
    write_manifest(make_manifest(str(lake)), tmp_path / "raw")
    with open_text_table(tmp_path / "raw") as table:
        assert table.rows == 300
    (lake / "part-9.parquet").write_bytes(serialize(make_part(300)))
    with pytest.raises(CreditError, match="other content"), open_text_table(tmp_path / "raw"):
        pass
