"""The files of a version are attached to its release on GitHub, whose `gh` is recorded at the edge of the process."""

import os
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.commands import export
from release.registration.github_release import attach_files

TAG = "credit-model@v1.0.0"
GH = """#!/bin/sh
echo "$@" >> calls
case "$2" in
  view) test -e made ;;
  create) touch made ;;
  upload) test -e "$5" || { echo "no matches found for $5" >&2; exit 1; } ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("gh").write_text(GH)
    Path("gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "calls"


def test_the_release_is_made_once_and_its_files_are_replaced(calls: Path) -> None:
    Path("model_card.md").write_text("# Model card")
    files = [Path("model_card.md")]
    for _ in range(2):
        attach_files(TAG, files, files[0])
    view, upload = f"release view {TAG}", f"release upload {TAG} --clobber model_card.md"
    create = f"release create {TAG} --verify-tag --title {TAG} --notes-file model_card.md"
    assert calls.read_text().splitlines() == [view, create, upload, view, upload]


def test_what_github_refuses_is_said_in_its_words(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CreditError, match=f"gh release upload {TAG}: no matches found for lost; the same command"):
        attach_files(TAG, [Path("lost")], None)
    assert "--notes-file" not in calls.read_text()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CreditError, match="gh gave no answer"):
        attach_files(TAG, [Path("lost")], None)


@pytest.mark.parametrize("word", ["Rule", " previous "])
def test_a_way_back_by_a_word_has_nothing_to_attach(calls: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """So the workflow deploy has one step for whatever somebody asked for."""
    monkeypatch.setenv("RELEASE_STORE", "store")
    assert export.run.main(["--attach", "--", word, "dist"], standalone_mode=False) == 0
    assert not calls.exists()
    assert not Path("dist").exists()
    with pytest.raises(CreditError, match="expected a version such as"):
        export.run.main(["--", word, "dist"], standalone_mode=False)
