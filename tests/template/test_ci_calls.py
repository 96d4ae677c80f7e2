"""What GitHub and GitLab run is there: every command, every option of it, every target of make, every script."""

import json
import os
import re
import shlex
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from credit.common.errors import CreditError, Problem
from credit.common.files import read_yaml
from release.__main__ import VERBS
from release.commands import blame
from testing.lenders.frozen import ROOT

GITLAB = ROOT / "ci/gitlab.yml"
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))
RELEASE = re.compile(r"(?<!gh )\brelease ((?:[^\n|;&]|\\\n)+)")
IF_SET = re.compile(r"\$\{\w+:\+\"?(--[a-z-]+)")
"""An option that bash leaves out where its variable is empty."""


def list_scripts(content: Any) -> list[str]:
    """The texts that a shell runs, wherever a file of GitHub or of GitLab has them."""
    if isinstance(content, list):
        return [text for one in content for text in list_scripts(one)]
    if not isinstance(content, dict):
        return []
    found = []
    for key, value in content.items():
        if key in ("run", "script", "before_script"):
            found += [value] if isinstance(value, str) else [line for line in value or [] if isinstance(line, str)]
        found += list_scripts(value)
    return found


def read_gitlab() -> tuple[Any, Any]:
    """GitLab's file: the header with the inputs, and the jobs."""
    header, jobs = yaml.safe_load_all(GITLAB.read_text())
    return header, jobs


def read_content(path: Path) -> Any:
    return read_gitlab()[1] if path == GITLAB else read_yaml(path)


def list_calls(path: Path) -> list[list[str]]:
    """The calls of `release` in a file, as words without the name and without redirections."""
    calls = []
    for script in list_scripts(read_content(path)):
        code = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))
        for text in RELEASE.findall(code.replace("\\\n", " ")):
            words = shlex.split(text.partition(" > ")[0].partition(" >> ")[0].rstrip(") "), comments=False)
            calls.append(words)
    return calls


def find_command(name: str) -> click.Command:
    assert name in VERBS, f"release {name}"
    command: click.Command = import_module(f"release.commands.{name}").run
    return command


@pytest.mark.parametrize("path", [GITLAB, *WORKFLOWS], ids=lambda path: path.name)
def test_every_command_and_every_option_is_there(path: Path) -> None:
    for verb, *words in list_calls(path):
        options = {
            one for parameter in find_command(verb).params for one in (*parameter.opts, *parameter.secondary_opts)
        }
        said = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}
        assert said <= options, f"{path.name}: release {verb} {sorted(said - options)}"


def test_every_option_that_a_call_leaves_out_where_nothing_is_said_is_there() -> None:
    found = set()
    for path in WORKFLOWS:
        said = {one for text in list_scripts(read_content(path)) for one in IF_SET.findall(text)}
        taken = {
            one for verb, *_ in list_calls(path) for parameter in find_command(verb).params for one in parameter.opts
        }
        assert said <= taken, path.name
        found |= said
    assert found == {"--after-rule", "--from"}


def test_gitlab_calls_everything_that_github_calls() -> None:
    """Attaching files to a release of GitHub is GitHub's own: its call is `export`."""
    on_github = {words[0] for path in WORKFLOWS for words in list_calls(path)} - {"export"}
    assert on_github == {words[0] for words in list_calls(GITLAB)}
    assert {"judge", "register", "deploy", "blame", "verify", "drill"} == on_github


def test_the_arguments_of_gitlabs_calls_are_taken() -> None:
    """Each call is parsed by its own command, with a value for each variable."""
    values = {"ENVIRONMENT": "prod", "VERSION": "v1.0.0"}
    for verb, *words in list_calls(GITLAB):
        filled = [re.sub(r"\$(\w+)", lambda found: values.get(found[1], "main"), word) for word in words]
        find_command(verb).make_context(verb, filled)


def test_gitlabs_judge_is_that_of_the_default_branch_whatever_the_merge_request_is_for(tmp_path: Path) -> None:
    """The target may be changed once the pipeline is green; so each merge request has the judge, and that of main."""
    variables = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "lax", "CI_DEFAULT_BRANCH": "main"}
    people = {f"GIT_{who}_{what}": "modeler" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def run(script: str, folder: Path) -> None:
        subprocess.run(["bash", "-ec", script], cwd=folder, env={**os.environ, **people, **variables}, check=True)

    for name in ("origin", "clone"):
        (tmp_path / name).mkdir()
    commit = "echo {0} > judge && git add judge && git commit --quiet --message {0}"
    run(f"git init --quiet --initial-branch main && {commit.format('strict')}", tmp_path / "origin")
    run(f"git switch --quiet --create lax && {commit.format('weak')}", tmp_path / "origin")
    run("git clone --quiet ../origin .", tmp_path / "clone")
    jobs = read_gitlab()[1]
    run("\n".join(line for line in jobs[".judge"]["before_script"] if line.startswith("git ")), tmp_path / "clone")
    assert (tmp_path / "clone/judge").read_text() == "strict\n"
    assert "TARGET_BRANCH" not in str([job["rules"] for job in jobs.values() if "rules" in job])


def list_parents(job: Any) -> list[str]:
    """The jobs that a job of GitLab extends; of two that say the same, the last counts."""
    parents = job.get("extends", [])
    return [parents] if isinstance(parents, str) else parents


def resolve(jobs: Any, name: str, key: str) -> Any:
    """What a job of GitLab says for a key, or the last of those that it extends."""
    if key in jobs[name]:
        return jobs[name][key]
    found = [resolve(jobs, parent, key) for parent in list_parents(jobs[name])]
    return next((one for one in reversed(found) if one is not None), None)


def test_on_gitlab_the_code_of_a_fork_gets_neither_credentials_nor_data_and_is_not_let_through() -> None:
    jobs = read_gitlab()[1]
    names = [name for name, job in jobs.items() if isinstance(job, dict) and "script" in job]
    of_changes = {name for name in names if "merge_request_event" in str(resolve(jobs, name, "rules"))}
    of_forks = {
        name for name in of_changes if "SOURCE_PROJECT_ID == $CI_PROJECT_ID" not in str(resolve(jobs, name, "rules"))
    }
    assert of_changes - of_forks == {"results", "data", "predictions"}
    assert of_forks == {"tests", "gates"}
    assert not [name for name in of_forks if resolve(jobs, name, "environment")]
    assert all(one["optional"] for one in jobs["gates"]["needs"]), "else there is no pipeline, and nothing says why"
    first = jobs["gates"]["script"][0]
    for source, code in (("1", 0), ("2", 1)):
        variables = {"CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source}
        done = subprocess.run(["bash", "-ec", first], env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, "push it here" in done.stderr) == (code, bool(code))


def test_gitlabs_file_fits_its_schema(tmp_path: Path) -> None:
    """Each of its documents: the checker takes one alone."""
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    for number, document in enumerate(read_gitlab()):
        (tmp_path / f"{number}.yml").write_text(yaml.safe_dump(document, sort_keys=False))
        subprocess.run(["check-jsonschema", *schema, f"{number}.yml"], cwd=tmp_path, check=True, capture_output=True)


def test_what_a_person_says_on_gitlab_is_an_input_with_a_default_and_no_part_of_a_script() -> None:
    """A pipeline of a merge request has no inputs; and what is written into a script, a shell runs."""
    header, jobs = read_gitlab()
    inputs = header["spec"]["inputs"]
    assert all(isinstance(one["default"], str) for one in inputs.values())
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", str(jobs)))
    assert used == set(inputs) == {"message", "version", "reason", "environment", "good", "figure"}
    assert not [text for text in list_scripts(jobs) if "inputs." in text]
    for name in ("register", "deploy", "blame"):
        given = jobs[name]["variables"]
        assert all(one["expand"] is False for one in given.values()), name
        called = set(re.findall(r"\$([A-Z]+)", " ".join(jobs[name]["script"])))
        assert called == set(given), name


def test_on_gitlab_who_acts_is_who_started_the_job_and_the_token_is_written_nowhere(tmp_path: Path) -> None:
    """What a job exports goes before a variable of the same name that somebody typed; git pushes by the environment."""
    jobs = read_gitlab()[1]
    assert "RELEASE_ACTOR" not in str([job.get("variables") for job in jobs.values() if isinstance(job, dict)])
    assert 'export RELEASE_ACTOR="$GITLAB_USER_LOGIN"' in jobs["default"]["before_script"]
    assert "RELEASE_ACTOR" not in jobs["variables"]
    variables = {"GITLAB_USER_LOGIN": "ada", "GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.org"}
    variables |= {"RELEASE_ACTOR": "somebody else", "RELEASE_PUSH_TOKEN": "s3cret"}
    variables |= {"CI_SERVER_HOST": "gitlab.example", "CI_PROJECT_PATH": "bank/loans"}
    lines = [line for line in jobs[".main"]["before_script"] if not line.startswith(("make", "git fetch"))]
    script = "\n".join([
        "git init --quiet && git remote add origin https://gitlab.example/bank/loans.git", *lines,
        'echo "$RELEASE_ACTOR"', "git remote get-url --push origin", "git remote get-url origin",
    ])  # fmt: skip
    done = subprocess.run(
        ["bash", "-ec", script], cwd=tmp_path, env=os.environ | variables, check=True, capture_output=True, text=True
    )
    plain, pushed = "https://gitlab.example/bank/loans.git", "https://release:s3cret@gitlab.example/bank/loans.git"
    assert done.stdout.split() == ["ada", pushed, plain]
    assert "s3cret" not in (tmp_path / ".git/config").read_text()


@pytest.mark.parametrize("path", [GITLAB, *WORKFLOWS], ids=lambda path: path.name)
def test_every_target_of_make_and_every_script_is_there(path: Path) -> None:
    text = "\n".join(list_scripts(read_content(path)))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\s*make ([a-z]+)", text, re.MULTILINE)) <= targets
    for script in re.findall(r"\.ci/\w+", text):
        assert (ROOT / script).stat().st_mode & 0o111, script


def test_every_job_that_gitlab_waits_for_is_there() -> None:
    jobs = read_gitlab()[1]
    for name, job in jobs.items():
        if isinstance(job, dict) and name not in ("variables", "default"):
            needs = {one["job"] if isinstance(one, dict) else one for one in job.get("needs", ())}
            assert needs <= set(jobs), name
            assert set(list_parents(job)) <= set(jobs), name
            assert job.get("stage", "check") in jobs["stages"], name


@pytest.mark.parametrize(("changed", "code"), [("reports/new.json", 1), ("notes.md", 0)])
def test_a_report_that_nobody_committed_is_not_what_the_pipeline_gives(tmp_path: Path, changed: str, code: int) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / changed).parent.mkdir(exist_ok=True)
    (tmp_path / changed).write_text("new")
    done = subprocess.run([ROOT / ".ci/check_results"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("run dvc repro, and commit them" in done.stderr) == bool(code)


@pytest.mark.parametrize(
    ("good", "bad", "figure", "asked"),
    [
        ("prod", "", "", ("prod", None, ())),
        ("v1.0.0", "", "roc_auc", ("v1.0.0", None, ("roc_auc",))),
        ("1a2b3c4", "5d6e7f8", "", ("1a2b3c4", "5d6e7f8", ())),
        ("--help", "$(touch x)", "a b", ("--help", "$(touch x)", ("a b",))),
    ],
)
def test_blame_on_github_takes_the_inputs_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: str, bad: str, figure: str, asked: tuple[object, ...]
) -> None:
    """An empty BAD is none: of an environment, blame takes two versions by itself, else what is checked out."""
    (tmp_path / "release").mkdir()
    (tmp_path / "release/__main__.py").write_text("import json, sys; print(json.dumps(sys.argv[2:]))")
    steps = read_yaml(ROOT / ".github/workflows/blame.yml")["jobs"]["blame"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Blame"]
    variables = {"GOOD": good, "BAD": bad, "FIGURES": figure, "RUNNER_TEMP": str(tmp_path)}
    variables["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, env=os.environ | variables, check=True)
    words = json.loads((tmp_path / "summary").read_text())
    seen: list[object] = []

    def stop(*sides: object) -> None:
        seen.extend(sides)
        raise CreditError(Problem("enough", "seen"))

    def resolve(*sides: object) -> tuple[object, ...]:
        return sides

    monkeypatch.setattr(blame, "resolve_versions", resolve)
    monkeypatch.setattr(blame, "find_cause", stop)
    with pytest.raises(CreditError, match="enough"):
        blame.run.main(words, standalone_mode=False)
    (question,) = seen
    assert (*question.sides, question.wanted) == asked
