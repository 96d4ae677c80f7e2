"""The address of the store: in the environment, else in a file in git, and nowhere else."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.address import find_address, open_store
from credit.registry.store import MissingStoreError


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELEASE_STORE", raising=False)
    for runner in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(runner, raising=False)


def test_without_an_address_no_folder_is_taken_for_a_store(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match=r"^RELEASE_STORE: found nothing, expected a folder, or"):
        open_store()
    assert list(tmp_path.iterdir()) == []


def test_the_file_in_git_names_the_store_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("release.yaml").write_text("store: shared\n")
    assert str(find_address()) == "shared (by release.yaml)"
    assert open_store(make=True).url == "shared"
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path / "elsewhere"))
    assert find_address() == (str(tmp_path / "elsewhere"), "RELEASE_STORE")


def test_a_folder_that_is_not_there_is_said_and_made_by_who_writes_alone(tmp_path: Path) -> None:
    Path("release.yaml").write_text("store: shraed\n")
    with pytest.raises(MissingStoreError, match=r"^the store shraed \(by release\.yaml\): no such folder; is its"):
        open_store()
    assert not (tmp_path / "shraed").exists()
    open_store(make=True)
    assert open_store().folder == tmp_path / "shraed"


def test_blanks_around_an_address_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("release.yaml").write_text("store: ' shared '\n")
    assert find_address().url == "shared"
    monkeypatch.setenv("RELEASE_STORE", " s3://models\n")
    assert find_address().url == "s3://models"
    monkeypatch.setenv("RELEASE_STORE", "")
    assert find_address().url == "shared", "GitHub sets a variable without a value to nothing"


@pytest.mark.parametrize("blanks", [" ", "\t\n"])
def test_blanks_alone_are_no_address_and_not_taken_for_none(blanks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("release.yaml").write_text("store: shared\n")
    monkeypatch.setenv("RELEASE_STORE", blanks)
    with pytest.raises(CreditError, match=r"^RELEASE_STORE: found blanks alone, expected a folder, or a bucket"):
        open_store(make=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "release.yaml"),
        ("store: ''", "store: found nothing"),
        ("store: 3", "release.yaml: store: found 3"),
        ("stroe: .store", "stroe: unknown key"),
        ("store: [", "release.yaml"),
    ],
)
def test_a_file_that_names_none_is_refused(text: str, said: str) -> None:
    Path("release.yaml").write_text(text)
    with pytest.raises(CreditError, match=said):
        find_address()


@pytest.mark.parametrize("runner", ["GITHUB_ACTIONS", "GITLAB_CI"])
def test_on_a_runner_a_folder_is_no_store_unless_the_variable_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    Path("release.yaml").write_text("store: .store\n")
    monkeypatch.setenv(runner, "true")
    with pytest.raises(CreditError, match="lost with the runner's disk, expected a bucket"):
        find_address()
    monkeypatch.setenv("RELEASE_STORE", str(tmp_path))
    assert find_address().source == "RELEASE_STORE"
