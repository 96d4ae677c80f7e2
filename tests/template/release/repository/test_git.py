"""Git as it may be at night: tags in another encoding, no program, no name."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.repository import tags
from release.repository.clones import drop_secrets
from release.repository.git import find_actor, list_files_at, run_git
from release.repository.main_branch import find_main, list_changes_since, read_files_of_main


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, and nothing of the user who runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT")]:
        monkeypatch.delenv(name)
    for name, value in {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    run_git("init", "--quiet")
    return tmp_path


def test_a_tag_that_is_no_utf_8_does_not_hold_anybody_up(repository: Path) -> None:
    me = ["git", "-c", "user.name=m", "-c", "user.email=m@example.org"]
    subprocess.run([*me, "commit", "--quiet", "--allow-empty", "--message", "c"], check=True)
    subprocess.run([*me, "tag", "-a", "-F", "-", "credit-model@v1.0.0"], input=b"Gr\xfc\xdfe", check=True)
    (tag,) = tags.read_registry().versions.values()
    assert tag.message.startswith("Gr")


def test_files_are_listed_by_their_names_whatever_is_in_these(repository: Path) -> None:
    """Git quotes them else; a waiver that is read by its quoted name is none."""
    me = ["git", "-c", "user.name=m", "-c", "user.email=m@example.org"]
    (repository / "waivers").mkdir()
    names = ["waivers/f\u00fcr alle.yaml", 'waivers/"*".yaml', "waivers/two\nlines.yaml"]
    for name in [*names, "else.yaml"]:
        (repository / name).write_text("x")
    run_git("add", "--all")
    subprocess.run([*me, "commit", "--quiet", "--message", "c"], check=True)
    run_git("branch", "--move", "--force", "main")
    assert sorted(list_files_at("HEAD", "waivers/")) == sorted(names)
    assert len(list_files_at("HEAD")) == 4
    assert [name for name, _ in read_files_of_main("waivers", ".yaml")] == sorted(names)
    (repository / names[0]).write_text("changed")
    assert list_changes_since(find_main(), ("waivers",)) == [names[0]]


def test_a_git_that_does_not_start_is_one_line(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "bin").mkdir()
    (repository / "bin/git").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(repository / "bin"))
    with pytest.raises(CreditError, match=r"^git: does not start: ") as caught:
        run_git("status")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [KeyError("no such uid"), OSError("no username")])
def test_who_has_no_name_is_told_by_number(repository: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """As in a container that runs under any user id."""

    def nameless() -> str:
        raise error

    run_git("config", "user.useConfigOnly", "true")
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.delenv("RELEASE_ACTOR", raising=False)
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert find_actor().startswith(f"user {os.getuid()} on ")


def test_a_user_of_git_who_has_the_name_of_the_watch_is_told_to_have_another(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("RELEASE_ACTOR", "GITHUB_ACTOR"):
        monkeypatch.delenv(variable, raising=False)
    run_git("config", "user.name", "watch")
    run_git("config", "user.email", "watch@example.org")
    with pytest.raises(
        CreditError, match=r"^git's user\.name: found watch, .*, expected the name of a person; "
    ) as caught:
        find_actor()
    assert "\n" not in str(caught.value)
    run_git("config", "user.name", "Watcher")
    assert find_actor() == "Watcher"
    monkeypatch.setenv("GITHUB_ACTOR", "watch")
    with pytest.raises(CreditError, match=r"^GITHUB_ACTOR: found watch, "):
        find_actor()


def test_the_code_of_a_change_gets_no_token_from_the_settings_of_git_and_git_works_without_them(
    repository: Path,
) -> None:
    run_git("remote", "add", "origin", "/an/origin.git")
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "remote.origin.pushurl", "GIT_CONFIG_VALUE_0": "//x:s3cret@h"}
    left = drop_secrets({**os.environ, **given, "RELEASE_PUSH_TOKEN": "s3cret"})
    assert "s3cret" not in str(left)
    command = ["git", "remote", "get-url", "--push", "origin"]
    done = subprocess.run(command, env=left, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "/an/origin.git"
