"""`release doctor` finds what is wrong around a project, says how to fix it, and calls nothing good unseen."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.doctor import github, places, repository, tools
from release.doctor.checklist import render_checklist
from release.doctor.checkup import Check, Result, State, run_checks
from release.doctor.purposes import PURPOSES
from release.doctor.repository import check_git, check_origin
from release.doctor.workflows import REQUIRED_CHECKS, list_checks, list_environments, list_needs
from testing.lenders.frozen import ROOT

Command = Callable[..., tuple[int, Any]]


def states(results: Any) -> dict[str, State]:
    return {one.what: one.state for one in results}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A repository with two registered versions and a bare origin; runs commands in it."""
    for name, value in {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "modeler")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "modeler@example.org")

    def run(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    run("git", "init", "--quiet", "--initial-branch", "main")
    run("git", "init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    run("git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    run("git", "commit", "--quiet", "--allow-empty", "--message", "all of it")
    for version in ("v1.0.0", "v1.1.0"):
        run("git", "tag", "--annotate", f"credit-model@{version}", "--message", "a version")
    run("git", "push", "--quiet", "--tags", "origin", "main")
    return run


@pytest.fixture
def named(disk: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store, which is the one of the project."""
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    return disk


def only(results: Any) -> Result:
    (one,) = results
    return one


def test_a_sound_repository_is_good_and_one_tag_that_is_not_fetched_is_a_problem(run: Callable[..., str]) -> None:
    assert states([*check_git(), *check_origin()]) == {
        "git": State.OK, "git identity": State.OK, "origin": State.OK, "tags of versions": State.OK,
    }  # fmt: skip
    run("git", "tag", "--delete", "credit-model@v1.1.0")
    found = [*check_origin()][-1]
    assert found.state == State.PROBLEM
    assert "1 of origin's are missing here, 0 are others: credit-model@v1.1.0" in found.found
    run(*found.fix.split())
    assert [*check_origin()][-1].state == State.OK


def test_a_tag_that_is_here_alone_or_is_another_than_origins_is_a_problem(run: Callable[..., str]) -> None:
    run("git", "tag", "--annotate", "credit-model#prod#1", "--message", "live")
    run("git", "tag", "v7.0.0")  # the template's, or anybody's: none of a version
    assert "1 are here only: credit-model#prod#1" in str([*check_origin()][-1])
    run("git", "tag", "--annotate", "--force", "credit-model@v1.0.0", "--message", "moved")
    assert "0 of origin's are missing here, 1 are others: credit-model@v1.0.0" in str([*check_origin()][-2])


def test_an_origin_that_does_not_answer_is_a_problem_and_none_is_not_checked(run: Callable[..., str]) -> None:
    run("git", "remote", "set-url", "origin", "/nowhere")
    assert only(check_origin()).state == State.PROBLEM
    run("git", "remote", "remove", "origin")
    assert only(check_origin()).state == State.NOT_CHECKED


SECRET = "x-access-token:ghs_s3@cret"


def test_the_secret_in_the_address_of_origin_is_not_shown(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether origin answers or not."""
    run("git", "remote", "set-url", "origin", f"http://{SECRET}@127.0.0.1:1/bank/loans")
    checks = {"origin": Check(check_origin, "")}
    shown = str([*run_checks(checks)])
    real = repository.run_git
    monkeypatch.setattr(repository, "run_git", lambda *words: "" if words[0] == "ls-remote" else real(*words))
    shown += str([*run_checks(checks)])
    assert "found='http://127.0.0.1:1/bank/loans'" in shown
    assert not [part for part in ("x-access-token", "ghs_s3", "cret") if part in shown]


@pytest.mark.parametrize("scheme", ["ssh", "https"])
def test_the_secret_in_the_address_of_the_dvc_remote_is_not_shown(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Whether the remote answers or not; a stand-in at the edge of the network says so."""
    url = f"{scheme}://{SECRET.replace('s3@', 's3')}@127.0.0.1:1/data"
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text(f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n")

    def find_remote(answers: bool) -> Any:
        def exists(_: str) -> bool:
            if not answers:
                raise OSError(f"cannot connect to {url}")
            return True

        return SimpleNamespace(path="", fs=SimpleNamespace(exists=exists))

    for answers in (True, False):
        monkeypatch.setattr("dvc.data_cloud.DataCloud.get_remote_odb", lambda *_, a=answers: find_remote(a))
        found = only(run_checks({"DVC remote": Check(places.check_remote, "")}))
        assert found.state == (State.OK if answers else State.PROBLEM)
        assert found.found == (
            f"storage, {scheme}://127.0.0.1:1/data" if answers else f"cannot connect to {scheme}://127.0.0.1:1/data"
        )


def test_somebody_without_a_name_is_told_both_settings(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name)
    found = [*check_git()][-1]
    assert found.state == State.PROBLEM
    assert found.fix == "git config --global user.name … and git config --global user.email …"


def test_a_store_is_written_once_and_left_as_it_was(named: Store) -> None:
    assert named.folder is not None
    before = sorted(named.folder.rglob("*"))
    assert states(places.check_store()) == {
        "store": State.OK, "clock": State.NOT_CHECKED, "ledger of staging": State.OK, "ledger of prod": State.OK,
    }  # fmt: skip
    assert [path for path in sorted(named.folder.rglob("*")) if path.is_file()] == [p for p in before if p.is_file()]


def test_a_store_that_overwrites_is_a_problem(named: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def overwrite(self: Store, key: str, content: bytes) -> bool:
        assert self.folder is not None
        (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / key).write_bytes(content)
        return True

    monkeypatch.setattr(Store, "create", overwrite)
    found = only(run_checks({"store": Check(places.check_store, "")}))
    assert found.state == State.PROBLEM
    assert "overwrites: of 3 writers of a key 3 won" in found.found


@pytest.mark.parametrize(("minutes", "state"), [(-5, State.PROBLEM), (5, State.PROBLEM), (0, State.NOT_CHECKED)])
def test_a_clock_that_is_not_the_stores_is_a_problem(
    named: Store, monkeypatch: pytest.MonkeyPatch, minutes: int, state: State
) -> None:
    monkeypatch.setattr(Store, "read_clock", lambda _: datetime.now(UTC) + timedelta(minutes=minutes))
    assert states(places.check_store())["clock"] == state


def test_a_ledger_by_newer_code_is_a_problem(named: Store) -> None:
    named.create(Ledger(named, "prod").build_url(1).removeprefix(f"{named.url}/"), b'{"format": 99}')
    results = {one.what: one for one in places.check_store()}
    assert results["ledger of staging"].state == State.OK
    assert results["ledger of prod"].state == State.PROBLEM
    assert "found format 99, expected at most 2" in results["ledger of prod"].found
    assert "it needs newer code" in results["ledger of prod"].fix


def test_a_package_that_is_not_as_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for another system may be missing; of one with two versions either will do."""
    monkeypatch.chdir(tmp_path)
    found = next(text for text in (ROOT / "requirements.lock").read_text().splitlines() if text.startswith("click=="))
    other = "nothing-like-this==1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    twice = f"{found.partition(' ')[0]} ; python_version < '3' \\\nclick==0.1 ; python_version > '3' \\\n"
    (tmp_path / "requirements.lock").write_text(f"# made\n{other}{twice}pytest==0.0.1 \\\n    --hash=sha256:00\n")
    problem = [*tools.check_python()][-1]
    assert problem.state == State.PROBLEM
    assert "1 of 3 are not as locked: pytest " in problem.found
    assert problem.found.endswith(", locked 0.0.1")


GH = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
import json, os, sys
with open(os.environ["GH_ANSWERS"]) as file:
    answers = json.load(file)
words = " ".join(sys.argv[1:])
for key, answer in answers.items():
    if words.startswith(key):
        sys.exit(answer) if isinstance(answer, str) else print(json.dumps(answer))
        break
else:
    sys.exit("HTTP 403: Resource not accessible")
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], list[Result]]:
    """The repository's workflows with an origin on GitHub, and `gh` recorded at the edge of the process."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / ".github", project / ".github")
    (project / ".github/CODEOWNERS").write_text("* @bank/risk\n")
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    subprocess.run(["git", "-C", str(project), "remote", "add", "origin", "https://github.com/bank/loans"], check=True)
    monkeypatch.chdir(project)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH)
    (tmp_path / "bin/gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("GH_ANSWERS", str(tmp_path / "answers"))
    monkeypatch.setenv("GH_TOKEN", "a-token")

    def check(answers: dict[str, Any]) -> list[Result]:
        (tmp_path / "answers").write_text(json.dumps(answers))
        return list(github.check_github())

    return check


SET = {
    "api repos/{owner}/{repo}/environments": ["staging", "prod", "drill", "registry"],
    "api repos/{owner}/{repo}/rules": ["gates", "tests", "results"],
    "variable list": ["RELEASE_STORE"],
    "secret list --env": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    "secret list": ["DVC_READ_ACCESS_KEY_ID", "DVC_READ_SECRET_ACCESS_KEY"],
}


def test_settings_that_are_all_there_are_good(hub: Callable[[dict[str, Any]], list[Result]]) -> None:
    results = hub(SET)
    assert {one.state for one in results} == {State.OK}
    assert {one.what for one in results} >= {"code owners", "GitHub: environments", "GitHub: secrets of registry"}


def test_the_secret_in_an_origin_that_is_not_on_github_is_not_shown(
    hub: Callable[[dict[str, Any]], list[Result]],
) -> None:
    subprocess.run(["git", "remote", "set-url", "origin", f"http://{SECRET}@forge.example/loans"], check=True)
    found = [one.found for one in run_checks({"GitHub": Check(lambda: iter(hub(SET)), "")})][1:]
    assert {*found} == {"origin is http://forge.example/loans, no place on GitHub"}


def test_each_missing_setting_is_a_problem_with_the_command_that_sets_it(
    hub: Callable[[dict[str, Any]], list[Result]],
) -> None:
    less = {"variable list": [], "api repos/{owner}/{repo}/rules": ["gates"]}
    results = hub({"secret list --env prod": ["AWS_ACCESS_KEY_ID"]} | SET | less)
    assert [f"{one.found}; {one.fix}" for one in results if one.state == State.PROBLEM] == [
        "no AWS_SECRET_ACCESS_KEY; gh secret set AWS_SECRET_ACCESS_KEY --env prod",
        "no RELEASE_STORE; gh variable set RELEASE_STORE",
        "no tests; require the check tests in the rules of main",
        "no results; require the check results in the rules of main",
    ]


def test_what_a_token_may_not_see_is_not_checked(hub: Callable[[dict[str, Any]], list[Result]]) -> None:
    results = [one for one in hub({}) if one.what != "code owners"]
    assert {one.state for one in results} == {State.NOT_CHECKED}
    assert all("HTTP 403" in one.found and "release checklist" in one.fix for one in results)


def test_without_a_token_everything_on_github_is_not_checked(
    hub: Callable[[dict[str, Any]], list[Result]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    results = hub(SET)
    assert [one.state for one in results] == [State.OK, *[State.NOT_CHECKED] * 4]
    assert "gh has no token" in results[1].found
    assert hub({"auth status": [], **SET})[1].state == State.OK


def test_the_command_makes_every_check_whatever_the_others_find_and_ends_with_1(command: Command) -> None:
    """Here is no git, no DVC and no contract; the store is good."""
    code, answer = command("doctor", "--json")
    assert code == 1
    found = {one["what"]: one for one in answer["results"]}
    assert found["store"]["state"] == "ok"
    assert {found[name]["state"] for name in ("origin", "contract", "DVC remote")} == {"problem"}
    assert sum(answer["counts"].values()) == len(answer["results"])
    assert all(one["fix"] for one in answer["results"] if one["state"] != "ok")


def test_the_checklist_has_everything_that_the_workflows_read() -> None:
    page = render_checklist(ROOT)
    needs = list_needs(ROOT / ".github/workflows")
    assert {need.name for need in needs} == set(PURPOSES)
    for need in needs:
        place = f" --env {need.environment}" if need.environment else ""
        assert f"`gh {need.kind} set {need.name}{place}`" in page
    environments = list_environments(ROOT / ".github/workflows")
    assert environments == ["staging", "prod", "drill", "registry"]
    assert all(f"- [ ] `{name}`" in page for name in environments)
    assert "Prevent self-review" in page
    assert set(REQUIRED_CHECKS) <= list_checks(ROOT / ".github/workflows")


OWN = """
on: push
env: {PAGER: "${{ secrets.PAGER_URL }}"}
jobs:
  tell:
    runs-on: ubuntu-latest
    environment: {name: intranet, url: "https://loans.example"}
    env: {SLACK: "${{ secrets.SLACK_URL }}", TOKEN: "${{ secrets.GITHUB_TOKEN }}", TEAM: "${{ vars.TEAM }}"}
    steps: [{run: "true"}]
"""


@pytest.mark.parametrize("name", ["own.yml", "own.yaml"])
def test_a_workflow_of_the_projects_own_is_read_like_the_others(
    hub: Callable[[dict[str, Any]], list[Result]], name: str
) -> None:
    """Of its needs nothing is known but the name, and what GitHub sets by itself nobody has to set."""
    Path(".github/workflows", name).write_text(OWN)
    Path(".github/workflows/empty.yml").write_text("")
    page = render_checklist(Path())
    assert "- [ ] `intranet`\n" in page
    for command in ("gh secret set SLACK_URL --env intranet", "gh secret set PAGER_URL --env intranet"):
        assert f"of a workflow of your own. `{command}`" in page
    assert "`TEAM`: of a workflow of your own. `gh variable set TEAM`" in page
    assert "GITHUB_TOKEN" not in page
    problems = [f"{one.found}; {one.fix}" for one in hub(SET) if one.state == State.PROBLEM]
    assert problems == [
        "no intranet; gh api --method PUT repos/{owner}/{repo}/environments/intranet",
        "no PAGER_URL; gh secret set PAGER_URL --env intranet",
        "no SLACK_URL; gh secret set SLACK_URL --env intranet",
        "no TEAM; gh variable set TEAM",
    ]
