"""Files in the place of variables."""

import os
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.address import load_secret_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setenv("SERVICE_SECRETS", str(tmp_path))
    return tmp_path


def test_a_file_with_the_name_of_a_variable_sets_it(folder: Path) -> None:
    (folder / "PGPASSWORD").write_text("from a file\n")
    (folder / "keys.json").write_text("[]")
    load_secret_files()
    assert os.environ["PGPASSWORD"] == "from a file"
    assert "keys.json" not in os.environ


def test_a_variable_that_is_set_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "set")
    (folder / "PGPASSWORD").write_text("from a file")
    load_secret_files()
    assert os.environ["PGPASSWORD"] == "set"


def test_without_the_folder_nothing_happens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVICE_SECRETS")
    before = dict(os.environ)
    load_secret_files()
    assert dict(os.environ) == before


def test_what_cannot_be_read_is_said_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "PGPASSWORD").write_bytes(b"\xff")
    with pytest.raises(CreditError, match="expected a folder of readable files") as told:
        load_secret_files()
    assert "xff" not in str(told.value)
    monkeypatch.setenv("SERVICE_SECRETS", str(folder / "elsewhere"))
    with pytest.raises(CreditError, match="No such file or directory"):
        load_secret_files()
