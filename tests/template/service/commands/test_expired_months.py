"""`service expire` removes old months and erases what is left, and says beforehand what it would do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credit.common.errors import run_command
from credit.decision_log.log import DecisionLog
from service.__main__ import main
from service.export.following import compare_days, export_news
from service.export.parquet import ParquetTarget
from testing.decisions import make_record, read_decision, write_each


def test_months_go_and_the_rest_that_is_old_is_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both ages alike: what is old, but of a month that is not old as a whole, loses its values and stays."""
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ages = [month - timedelta(days=500), month - timedelta(days=400), now]
    log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)
    rows = write_each(log, [make_record(decided_at=one) for one in ages])
    for name, value in {"STATE": tmp_path, "RETENTION_MONTHS": 2, "REMOVAL_MONTHS": 15}.items():
        monkeypatch.setenv(f"SERVICE_{name}", str(value))
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path / "store"))
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: main(["expire"]))
    told = capsys.readouterr().err
    assert (ended.value.code, "no such folder" in told) == (1, True)
    assert "\n2 decisions of prod from before " in told, "erasing waits for no store"
    assert [read_decision(log.database, row["id"])["inputs"] is None for row in rows] == [True, True, False]
    (tmp_path / "store").mkdir()
    said = []
    for options in (["--dry-run"], [], []):
        with pytest.raises(SystemExit) as ended:
            main(["expire", *options])
        assert ended.value.code == 0
        said.append([line.split(" ")[0] for line in capsys.readouterr().out.splitlines()])
    assert said == [["1", "0"], ["1", "0"], ["0", "0"]]
    assert log.database.find(rows[0]["id"]) is None
    assert read_decision(log.database, rows[1]["id"])["inputs"] is None
    assert read_decision(log.database, rows[2]["id"]) == rows[2]
    with pytest.raises(SystemExit) as ended:
        main(["verify-log"])
    told = capsys.readouterr().out
    assert (ended.value.code, "; 1 removed by their age" in told) == (0, True), told
    log.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_environment_expires_what_is_its_own(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Decisions of others of the same month stay as they are, and the analysts' copy and the chain know of it."""
    old = datetime.now(UTC) - timedelta(days=500)
    url = f"sqlite:///{tmp_path}/decisions.db" if kind == "sqlite" else request.getfixturevalue("server").url
    log = DecisionLog(url, tmp_path)
    whose = ["prod", "staging", "prod", "staging"]
    moments = [old, old, old - timedelta(days=1), old + timedelta(days=1)]
    rows = write_each(
        log, [make_record(decided_at=at, environment=one) for at, one in zip(moments, whose, strict=True)]
    )
    (tmp_path / "store").mkdir()
    target = ParquetTarget(tmp_path / "analysts")
    assert export_news(log.database, target).decisions == 4
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path / "store"))
    for name, value in {"STATE": tmp_path, "DATABASE_URL": url, "RETENTION_MONTHS": 2, "REMOVAL_MONTHS": 2}.items():
        monkeypatch.setenv(f"SERVICE_{name}", str(value))
    for options, number in ((["--dry-run"], 2), ([], 2), ([], 0)):
        with pytest.raises(SystemExit) as ended:
            main(["expire", *options])
        assert ended.value.code == 0
        assert f"{number} decisions of prod of months before " in capsys.readouterr().out
    assert [log.database.find(row["id"]) is None for row in rows] == [True, False, True, False]
    assert [read_decision(log.database, row["id"]) for row in rows[1::2]] == rows[1::2]
    _verify(removed=2, capsys=capsys)
    assert export_news(log.database, target).removed == 2
    assert compare_days(log.database, target) == {}
    assert len(list((tmp_path / "analysts").glob("*/day=*"))) == 4, "the files of a day without decisions go"
    with pytest.raises(SystemExit) as ended:
        main(["expire", "--all-environments"])
    assert ended.value.code == 0
    assert [log.database.find(row["id"]) for row in rows] == [None] * 4
    _verify(removed=4, capsys=capsys)
    assert export_news(log.database, target).removed == 2
    assert not list((tmp_path / "analysts").glob("*/day=*"))
    log.close()


def _verify(removed: int, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["verify-log"])
    told = capsys.readouterr().out
    assert (ended.value.code, f"; {removed} removed by their age" in told) == (0, True), told
