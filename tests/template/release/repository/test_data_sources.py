"""A `*.dvc` file, or the listing of a folder, that leads out of its place is refused before DVC writes anything."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.common.errors import CreditError
from release.repository.data_sources import check_listing, check_source_file

GOOD = {"md5": "0" * 32, "size": 3, "hash": "md5", "path": "loans"}


def write(folder: Path, content: Any) -> Path:
    file = folder / "loans.dvc"
    file.write_text(yaml.safe_dump(content))
    return file


def test_what_dvc_add_writes_is_taken(tmp_path: Path) -> None:
    assert check_source_file(write(tmp_path, {"outs": [GOOD]})) == "0" * 32
    of_folder = GOOD | {"md5": f"{'0' * 32}.dir", "nfiles": 2}
    assert check_source_file(write(tmp_path, {"outs": [of_folder]})) == f"{'0' * 32}.dir"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"outs": [GOOD | {"path": "../../duckdb.py"}]}, "'../../duckdb.py'"),
        ({"outs": [GOOD | {"path": "/etc/passwd"}]}, "'/etc/passwd'"),
        ({"outs": [GOOD | {"path": "others"}]}, "'others'"),
        ({"outs": [GOOD, GOOD]}, "no list of one output"),
        ({"outs": []}, "no list of one output"),
        ([], "no list of one output"),
        ({"outs": [GOOD], "wdir": "../.."}, "the key wdir"),
        ({"outs": [GOOD], "deps": [{"path": "x", "repo": {"url": "elsewhere"}}]}, "the key deps"),
        ({"outs": [GOOD], "frozen": True}, "the key frozen"),
        ({"outs": [GOOD | {"remote": "mine"}]}, "the key outs.remote"),
        ({"outs": [GOOD | {"md5": "../../../x"}]}, "the hash"),
        ({"outs": [{"md5": "0" * 32, "path": "loans"}]}, "the kind of hash"),
    ],
)
def test_anything_else_is_named(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(CreditError, match=r"loans\.dvc") as caught:
        check_source_file(write(tmp_path, content))
    assert said in str(caught.value)


@pytest.mark.parametrize("path", ["../x.py", "/x.py", "a/../../x.py", "a\\..\\x", ""])
def test_a_listing_that_leads_out_of_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    digest = f"{'ab' * 16}.dir"
    listing = tmp_path / "files/md5" / digest[:2] / digest[2:]
    listing.parent.mkdir(parents=True)
    listing.write_text(json.dumps([{"md5": "0" * 32, "relpath": "part.csv"}]))
    check_listing(tmp_path, digest, "loans.dvc")
    listing.write_text(json.dumps([{"md5": "0" * 32, "relpath": "part.csv"}, {"md5": "0" * 32, "relpath": path}]))
    with pytest.raises(CreditError, match="files below this folder"):
        check_listing(tmp_path, digest, "loans.dvc")
    listing.write_text("{}[")
    with pytest.raises(CreditError, match="cannot be read"):
        check_listing(tmp_path, digest, "loans.dvc")
    listing.unlink()
    with pytest.raises(CreditError, match="not in the cache"):
        check_listing(tmp_path, digest, "loans.dvc")
