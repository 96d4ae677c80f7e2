"""A report that the pipeline did not write is found, in the working tree and at a commit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from release.compare.comparison import compare_revisions
from release.compare.integrity import REQUIRED_REPORTS, compute_dvc_md5, find_altered_reports
from release.repository.revision import Revision, resolve_revisions
from testing.report_edits import Edit, commit_all

HERE = Revision("the working tree", None)


def sides() -> list[Revision]:
    """The working tree, and the same as a commit."""
    commit_all()
    return [HERE, resolve_revisions("HEAD", None, merge_base=False)[0]]


def test_reports_as_dvc_wrote_them_are_believed(edit: Edit) -> None:
    assert [find_altered_reports(side) for side in sides()] == [[], []]


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("metrics.json", b"0.7515", b"0.9515", "reports/metrics.json"),
        ("fairness/heuristic.json", b'"verdict": "unequal"', b'"verdict": "pass"', "reports/fairness"),
        ("choice.json", b"\n", b"\r\n", "reports/choice.json"),
    ],
)
def test_a_report_that_was_edited_by_hand_is_found(edit: Edit, file: str, old: bytes, new: bytes, named: str) -> None:
    path = Path("reports") / file
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    for side in sides():
        assert find_altered_reports(side) == [f"{named} is not what the pipeline wrote; run dvc repro"]


def test_a_file_beside_the_reports_on_equal_treatment_is_found(edit: Edit) -> None:
    Path("reports/fairness/another.json").write_text("{}")
    for side in sides():
        assert find_altered_reports(side) == ["reports/fairness is not what the pipeline wrote; run dvc repro"]


def _remove_metrics() -> None:
    Path("reports/metrics.json").unlink()


def _remove_fairness() -> None:
    for file in Path("reports/fairness").iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("remove", "named"), [(_remove_metrics, "reports/metrics.json"), (_remove_fairness, "reports/fairness")]
)
def test_a_report_that_was_removed_is_found(edit: Edit, remove: Callable[[], None], named: str) -> None:
    remove()
    for side in sides():
        assert find_altered_reports(side) == [f"{named} is missing; run dvc repro and commit reports"]


def test_without_dvc_lock_nothing_is_believed(edit: Edit) -> None:
    Path("dvc.lock").unlink()
    found = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False)).problems
    assert list(found) == [
        f"dvc.lock does not name {path}; run dvc repro and commit dvc.lock" for path in REQUIRED_REPORTS
    ]


def test_a_folder_of_folders_has_the_hash_that_dvc_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC sorts whole paths: a-b/c before a/z, which the parts of the paths would turn round."""
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    monkeypatch.chdir(tmp_path)
    for name in ("a/z", "a-b/c", "a.txt", "B"):
        (Path("folder") / name).parent.mkdir(parents=True, exist_ok=True)
        (Path("folder") / name).write_text(name)
    files = LocalFileSystem()
    database = HashFileDB(files, str(tmp_path / "cache"))
    _, _, tree = build(database, str(tmp_path / "folder"), files, "md5")
    assert compute_dvc_md5(HERE, "folder", folder=True) == tree.hash_info.value
