"""Outputs of a commit come from DVC's cache by their hash; a damaged one is DVC's to fetch or to refuse."""

import json
from hashlib import md5
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.repository import dvc_outputs
from release.repository.dvc_outputs import _copy_from_cache, _read_cached, pull_file


def put(cache: Path, content: bytes, suffix: str = "") -> str:
    digest = md5(content, usedforsecurity=False).hexdigest() + suffix
    file = cache / "files/md5" / digest[:2] / digest[2:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return digest


def list_folder(cache: Path, files: dict[str, str]) -> str:
    entries = [{"md5": digest, "relpath": name} for name, digest in files.items()]
    return put(cache, json.dumps(entries).encode(), ".dir")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(dvc_outputs, "find_cache", lambda: (tmp_path / "cache", tmp_path))
    return tmp_path / "cache"


def test_an_object_is_read_only_while_it_is_what_its_hash_says(cache: Path) -> None:
    digest = put(cache, b"whole")
    assert _read_cached(cache, digest) == b"whole"
    (cache / "files/md5" / digest[:2] / digest[2:]).write_bytes(b"other")
    assert _read_cached(cache, digest) is None
    assert _read_cached(cache, md5(b"missing", usedforsecurity=False).hexdigest()) is None


def test_a_folder_is_copied_whole_or_left_to_dvc(cache: Path, tmp_path: Path) -> None:
    manifest, empty = put(cache, b"{}"), put(cache, b"")
    whole = list_folder(cache, {"manifest.json": manifest, "deep/empty": empty})
    assert _copy_from_cache(whole, tmp_path / "to") == manifest
    assert (tmp_path / "to/manifest.json").read_bytes() == b"{}"
    assert (tmp_path / "to/deep/empty").read_bytes() == b""
    lacking = list_folder(cache, {"manifest.json": manifest, "lost": "0" * 32})
    assert _copy_from_cache(lacking, tmp_path / "none") is None
    assert _copy_from_cache(list_folder(cache, {"other": empty}), tmp_path / "none") is None
    assert _copy_from_cache(manifest, tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_a_listing_that_leads_out_of_its_folder_is_refused(cache: Path, tmp_path: Path) -> None:
    forged = list_folder(cache, {"manifest.json": put(cache, b"{}"), "../outside": put(cache, b"x")})
    with pytest.raises(CreditError, match="files below this folder"):
        _copy_from_cache(forged, tmp_path / "to")
    assert not (tmp_path / "outside").exists()


def test_a_file_in_the_cache_is_read_without_dvcs_index(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = put(cache, b"scores")
    lock = f"stages:\n  predict:\n    cmd: x\n    outs:\n    - path: data/scores\n      md5: {digest}\n"
    monkeypatch.setattr(dvc_outputs, "read_text_at", lambda commit, path: lock)
    opened: list[str | None] = []

    def count(commit: str | None) -> object:
        opened.append(commit)
        raise FileNotFoundError(commit)

    monkeypatch.setattr(dvc_outputs, "_open_outputs", count)
    assert pull_file("a" * 40, "data/scores") == b"scores"
    assert opened == []
    for lost in ("data/others", "data/scores"):
        (cache / "files/md5" / digest[:2] / digest[2:]).write_bytes(b"damaged")
        with pytest.raises(CreditError, match="neither in DVC's cache nor in its remote"):
            pull_file("a" * 40, lost)
    assert opened == ["a" * 40] * 2
