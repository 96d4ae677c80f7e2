"""Numbers, dates and levels as a file writes them: one row, one decision, whichever way it comes."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.packed import pack_bundle
from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.decision_log.database import Database
from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from service.batch.block import parse_application
from service.batch.score import score_file
from service.batch.source import list_needed_columns, open_source, read_block
from service.commands.replay import recompute
from service.commands.score import run
from service.engine.live_version import LiveVersion
from service.engine.loading import PackedVersion, build_deployment, load_packed
from stages.ingest import ingest_table
from testing.lenders.foreign import foreign, make_people
from testing.releases import deploy_versions
from testing.services import run_service

__all__ = ["foreign"]

Decided = list[tuple[str, float, list[str]]]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A month's file, in which levels are that no row of the training had."""
    frame = make_people(120, 7)
    frame.loc[3:9, "home"] = "houseboat"
    frame.loc[5:6, "school"] = "7"
    frame.to_csv(tmp_path / "raw.csv", index=False, sep=";")
    return tmp_path / "raw.csv"


@pytest.fixture
def ingested(raw: Path, foreign: Path, tmp_path: Path) -> Decided:
    """The decisions of the bundle on the table that ingest makes of the file."""
    ingest_table(load_contract(foreign / "contract.yaml"), raw, tmp_path / "typed.parquet", "c.yaml")
    decided = load_bundle(foreign).decide(pq.read_table(tmp_path / "typed.parquet").to_pylist())
    assert {one.decision for one in decided} == {"approve", "refer", "deny"}
    return [(one.decision, one.score, list(one.reasons)) for one in decided]


def as_raw(raw: Path, serving: LiveVersion) -> list[dict[str, Any]]:
    """The rows of a file by the types of the contract."""
    (block,) = open_source(raw, serving.bundle).stream_blocks()
    return read_block(block, list_needed_columns(serving.bundle)).rows


def as_sent(raw: Path, serving: LiveVersion) -> list[dict[str, Any]]:
    """The same rows as a client sends them."""
    return [row | {day: row[day].isoformat() for day in ("applied", "opened")} for row in as_raw(raw, serving)]


def pack_folder(folder: Path) -> PackedVersion:
    entry = build_deployment("v1.0.0", load_bundle(folder).manifest.digest)
    return PackedVersion(entry, pack_bundle(folder))


def test_a_scored_file_has_the_decisions_of_ingest_and_its_new_levels_are_counted(
    ingested: Decided, raw: Path, foreign: Path, tmp_path: Path
) -> None:
    tally = score_file(pack_folder(foreign), raw, tmp_path / "out.parquet", tmp_path / "rejected.parquet")
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [(row["decision"], row["score"], row["reasons"]) for row in rows] == ingested
    lines = raw.read_text().splitlines()[1:]
    counted = {into: sum(line.split(";")[7] in levels for line in lines)
               for into, levels in (("other", ("tent", "boat", "houseboat")), ("own", ("bought",)))}  # fmt: skip
    assert tally.folded == {("home", into): rows for into, rows in counted.items()}
    assert (tally.rows, tally.broken) == (120, {})


def test_the_command_tells_how_many_rows_count_as_another_level(
    foreign: Path, raw: Path, tmp_path: Path, disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.publish_bundle(disk, parse_version("v1.0.0"), foreign, "0" * 40, "tester")
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    told = run.callback(raw, "v1.0.0", "prod", tmp_path / "out.csv", None)  # type: ignore[misc]
    rows = told.content["folded"][0]["rows"]
    assert told.content["folded"][0] == {"column": "home", "into": "other", "rows": rows}
    assert f"{rows:,} rows with another level of home count as other" in told.text.splitlines()


def test_a_number_that_is_written_otherwise_is_rejected_and_never_read_as_another(
    raw: Path, foreign: Path, tmp_path: Path
) -> None:
    lines = raw.read_text().splitlines()
    fields = lines[1].split(";")
    for place, (column, text) in enumerate([("amount", "1.5 €"), ("amount", "700,00"), ("opened", "2018-01-01")]):
        at = lines[0].split(";").index(column)
        lines[1 + place] = ";".join([*fields[:at], text, *fields[at + 1 :]])
    raw.write_text("\n".join(lines[:4]) + "\n")
    tally = score_file(pack_folder(foreign), raw, tmp_path / "out.csv", tmp_path / "rejected.parquet")
    told = [row["problems"] for row in pq.read_table(tmp_path / "rejected.parquet").to_pylist()]
    assert (tally.rows, tally.decided) == (3, 0)
    assert told == [
        ["amount: found '1.5 €', expected a number written as €1.234,5"],
        ["amount: found '700,00', expected a number written as €1.234,5"],
        ["opened: found '2018-01-01', expected a date written by the pattern %b-%Y"],
    ]


def test_the_service_decides_values_as_json_has_them_and_logs_levels_as_they_were_sent(
    ingested: Decided, raw: Path, foreign: Path, tmp_path: Path, disk: Store
) -> None:
    versions.publish_bundle(disk, parse_version("v1.0.0"), foreign, "0" * 40, "tester")
    deploy_versions(disk, "v1.0.0")
    serving = load_packed(pack_folder(foreign))
    assert serving.decide(parse_application(serving, dict(serving.example))).decision.decision
    sent: list[dict[str, Any]] = [{"application": row, "protected": {"school": "7"}} for row in as_sent(raw, serving)]
    with run_service(disk.url, tmp_path / "state") as service:
        service.wait()
        answers = service.decide({"applications": sent}, "/v1/decisions/batch").json()["decisions"]
        assert [(one["decision"], one["score"], one["reasons"]) for one in answers] == ingested
        figures = service.get("/metrics").text
        coded = {service.decide({**sent[0], "protected": {"school": "9"}}).status_code for _ in range(5)}
        later = service.get("/metrics").text
        schema = service.get("/openapi.json").json()["components"]["schemas"]["Application"]["properties"]
    houseboats = [one for one in sent if one["application"]["home"] == "houseboat"]
    assert {"low", "middle", "high"} == {serving.derivations.add(row)["band"] for row in as_raw(raw, serving)}
    assert 'service_folded_levels_total{column="home",into="other",version="v1.0.0"}' in figures
    assert 'group="rest"' in figures
    assert 'group="7"' not in figures
    assert (coded, 'group="undisclosed"' in figures, 'group="undisclosed"' in later) == ({200}, False, True)
    assert schema["rate"]["description"] == "d, in %"
    assert schema["home"]["type"] == schema["term"]["type"] == "string"
    record = Database(f"sqlite:///{tmp_path / 'state/decisions.db'}", read_only=True).find(answers[3]["id"])
    assert record is not None
    assert (record["inputs"], record["inputs"]["home"]) == (sent[3]["application"], "houseboat")
    assert len(houseboats) == 7
    again = recompute(serving, record)
    assert (again["decision"], again["score"], again["reasons"]) == ingested[3]


def test_a_derived_half_or_an_unknown_derived_level_is_refused_by_score_and_api_alike(
    raw: Path, foreign: Path, tmp_path: Path, disk: Store
) -> None:
    """2.5 years are no integer, and a rate of 120% is in no band: no way in rounds the one or guesses the other."""
    names, *lines = (line.split(";") for line in raw.read_text().splitlines()[:4])
    lines[1][names.index("term")], lines[2][names.index("rate")] = "30 months", "120.0%"
    raw.write_text("\n".join(map(";".join, [names, *lines])) + "\n")
    contract = load_contract(foreign / "contract.yaml")
    with pytest.raises(CreditError, match=r"years: found .*2\.5.* in row 2, expected integer"):
        ingest_table(contract, raw, tmp_path / "typed.parquet", "c.yaml")
    tally = score_file(pack_folder(foreign), raw, tmp_path / "out.parquet", tmp_path / "rejected.parquet")
    told = [row["problems"] for row in pq.read_table(tmp_path / "rejected.parquet").to_pylist()]
    assert (tally.rows, tally.decided) == (3, 1)
    assert told == [
        ["term: found '30 months', expected a value from which years can be computed"],
        ["band: found 'none', expected one of ['low', 'middle', 'high']"],
    ]
    versions.publish_bundle(disk, parse_version("v1.0.0"), foreign, "0" * 40, "tester")
    deploy_versions(disk, "v1.0.0")
    with run_service(disk.url, tmp_path / "state") as service:
        service.wait()
        answers = [service.decide({"application": row}) for row in as_sent(raw, load_packed(pack_folder(foreign)))]
    assert [answer.status_code for answer in answers] == [200, 422, 422]
    problems = [one["problems"] for one in (answer.json() for answer in answers[1:])]
    assert [
        [f"{one['field']}: found {one['found']}, expected {one['expected']}" for one in listed] for listed in problems
    ] == [[f"application.{problem}" for problem in row] for row in told]
