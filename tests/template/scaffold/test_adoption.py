"""A lender makes the template theirs, keeps it, and gets its later versions; in one commit or in none."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier._vcs import get_repo

from credit.check.blocks import read_blocks
from credit.common.errors import CreditError
from scaffold.adoption import Adoption, _find_address, adopt
from scaffold.answers import ANSWERS_FILE, read_answers
from scaffold.committing import clone_here, commit_clone, describe_changes, list_changes, require_clean
from scaffold.template_versions import expand_address, name_for_copier
from tests.template.scaffold.conftest import Repository, make_template

ANSWERS = {
    "project_name": "Loans of a bank",
    "owners": "@bank/risk head@bank.example",
    "model_name": "loan-model",
    "environments": "test staging prod",
    "store": "s3://models",
    "remote": "../data",
    "database": "postgresql+psycopg://me@db.example.org/log",
    "places": ["us"],
    "demo_data": ["scenario"],
}
OWNED = [
    "params.yaml",
    "dvc.lock",
    "release.yaml",
    "data/contracts/mine.yaml",
    "reports/metrics.json",
    "waivers/mine.yaml",
]


def adopt_with(template: Repository, **answers: object) -> Adoption:
    return adopt(str(template.folder), answers, ask=False, dry_run=False)


def list_files(project: Repository) -> set[str]:
    return set(project.git("ls-files").splitlines())


def count_commits(project: Repository) -> int:
    return int(project.git("rev-list", "--count", "HEAD"))


def test_an_adopted_project_is_the_template_without_what_is_about_the_template(
    template: Repository, project: Repository
) -> None:
    """With the template's own answers, no other byte changes but the README's; so no `.jinja` file can grow stale."""
    before = {name: (project.folder / name).read_bytes() for name in list_files(project)}
    done = adopt_with(template)
    after = {name: (project.folder / name).read_bytes() for name in list_files(project)}
    about = {name for name in before if name.endswith(".jinja")}
    about |= {"copier.yml", "CHANGELOG.md", "tests/template/conftest.py"}
    assert before.keys() - after.keys() == about
    assert after.keys() - before.keys() == {ANSWERS_FILE, "docs/checklist.md"}
    assert {name for name in before.keys() & after.keys() if before[name] != after[name]} == {"README.md"}
    assert count_commits(project) == 2
    assert project.git("status", "--porcelain") == ""
    assert done.commit == project.git("rev-parse", "HEAD").strip()


def test_every_answer_arrives(template: Repository, project: Repository) -> None:
    adopt_with(template, **ANSWERS)
    read = {name: (project.folder / name).read_text() for name in list_files(project)}
    assert read["README.md"].startswith("# Loans of a bank\n")
    assert "@bank/risk, head@bank.example" in read["README.md"]
    assert "* @bank/risk head@bank.example" in read[".github/CODEOWNERS"]
    assert 'ARTIFACT = "loan-model"' in read["credit/registry/names.py"]
    assert 'ENVIRONMENTS = ("test", "staging", "prod")' in read["credit/registry/names.py"]
    options = yaml.safe_load(read[".github/workflows/deploy.yml"])[True]["workflow_dispatch"]["inputs"]["environment"]
    assert options["options"] == ["test", "staging", "prod"]
    assert options["default"] == "test"
    [settings, _] = yaml.safe_load_all(read["ci/gitlab.yml"])
    assert settings["spec"]["inputs"]["environment"]["default"] == "test"
    assert "- [ ] `test`" in read["docs/checklist.md"]
    assert "`loan-model@*` and `loan-model#*`" in read["docs/checklist.md"]
    assert "credit-model" not in read["docs/checklist.md"]
    assert "release codeowners" not in read["docs/checklist.md"]
    assert yaml.safe_load(read["release.yaml"]) == {"store": "s3://models"}
    remote = subprocess.run(["dvc", "remote", "list"], cwd=project.folder, capture_output=True, text=True, check=True)
    assert remote.stdout.split()[0] == "storage"
    assert "url = ../../data" in read[".dvc/config"]
    assert read_addresses(project) == {
        "decisions": "postgresql+psycopg://me@db.example.org/log",
        "watch": "postgresql+psycopg://watch@db.example.org/log",
    }
    pipeline = yaml.safe_load(read["dvc.yaml"])
    assert list(pipeline["artifacts"]) == ["loan-model"]
    assert pipeline["stages"]["fetch"]["matrix"] == {"dataset": ["scenario"]}
    params = yaml.safe_load(read["params.yaml"])
    assert params["data"]["contract"] == "scenario"
    assert list(params["fetch"]) == ["scenario"]
    assert not read_blocks(Path("params.yaml")).problems
    assert {name for name in read if name.startswith("release/evidence/places/")} == {"release/evidence/places/us.yaml"}
    assert not [name for name in read if "loanapp" in name]
    assert yaml.safe_load(read[ANSWERS_FILE]) == {**ANSWERS, "_commit": "v0.1.0", "_src_path": str(template.folder)}


def read_services(project: Repository) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((project.folder / "compose.yaml").read_text())["services"]
    return services


def read_addresses(project: Repository) -> dict[str, str]:
    """Read the address of the decision log of each service that has one."""
    given = {name: service.get("environment", {}) for name, service in read_services(project).items()}
    return {name: values["SERVICE_DATABASE_URL"] for name, values in given.items() if "SERVICE_DATABASE_URL" in values}


def test_the_watch_reads_the_database_that_the_service_writes_and_a_note_says_what_is_missing_there(
    template: Repository, project: Repository
) -> None:
    done = adopt_with(template, database="postgresql+psycopg://me@db.example.org:5433/log")
    assert read_addresses(project) == {
        "decisions": "postgresql+psycopg://me@db.example.org:5433/log",
        "watch": "postgresql+psycopg://watch@db.example.org:5433/log",
    }
    assert [note for note in done.notes if "db.example.org:5433" in note and "deploy/database/watch_role.sql" in note]


def test_the_database_beside_the_service_is_made_for_the_user_and_the_name_that_were_answered(
    template: Repository, project: Repository
) -> None:
    done = adopt_with(template, database="postgresql+psycopg://123@database/on")
    assert read_addresses(project) == {
        "decisions": "postgresql+psycopg://123@database/on",
        "watch": "postgresql+psycopg://watch@database/on",
    }
    database = read_services(project)["database"]
    assert (database["environment"]["POSTGRES_USER"], database["environment"]["POSTGRES_DB"]) == ("123", "on")
    assert database["healthcheck"]["test"] == ["CMD", "pg_isready", "--username", "123"]
    assert not [note for note in done.notes if "watch_role.sql" in note]


def test_the_study_alone_may_stay(template: Repository, project: Repository) -> None:
    """And a template without the tag of its version is said: no update would arrive."""
    before = yaml.safe_load((project.folder / "params.yaml").read_text())
    template.git("tag", "--delete", "v0.1.0")
    done = adopt_with(template, demo_data=["loanapp"], environments="prod")
    assert "has no tag v0.1.0" in done.notes[0]
    params = yaml.safe_load((project.folder / "params.yaml").read_text())
    assert params == before | {"fetch": {"loanapp": before["fetch"]["loanapp"]}}
    assert not read_blocks(Path("params.yaml")).problems
    assert 'ENVIRONMENTS = ("prod",)' in (project.folder / "credit/registry/names.py").read_text()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"environments": "prod staging"}, "the last one prod"),
        ({"environments": "staging staging prod"}, "different names"),
        ({"environments": "Staging prod"}, "lower-case"),
        ({"model_name": "a@v1.0.0"}, "as credit-model"),
        ({"model_name": 'x"\nimport os'}, "as credit-model"),
        ({"owners": "risk"}, "found risk"),
        ({"store": "s3://key:secret@models"}, "without a name"),
        ({"store": "a:"}, "a colon at its end"),
        ({"remote": "a:"}, "a colon at its end"),
        ({"database": "postgresql+psycopg://me:password@db/log"}, "the password is the file"),
        ({"database": "postgresql+psycopg://watch@db/log"}, "not watch"),
        ({"demo_data": []}, "at least one"),
        ({"places": ["moon"]}, "moon"),
        ({"project_name": "a\nb"}, "a line of text"),
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_is_refused_in_one_line_and_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object], expected: str
) -> None:
    project = make_template(tmp_path / "questions alone", ["copier.yml", "pyproject.toml"])
    monkeypatch.chdir(project.folder)
    with pytest.raises(CreditError) as caught:
        adopt_with(project, **answer)
    assert expected in str(caught.value)
    assert next(iter(answer)) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert count_commits(project) == 1
    assert project.git("status", "--porcelain") == ""


def test_a_file_in_the_way_is_kept_and_nothing_is_adopted(template: Repository, project: Repository) -> None:
    Path("docs/checklist.md").write_text("mine")
    with pytest.raises(CreditError, match="git merge"):
        adopt_with(template)
    assert Path("docs/checklist.md").read_text() == "mine"
    assert count_commits(project) == 1


def test_a_model_with_versions_keeps_its_name(template: Repository, project: Repository) -> None:
    project.git("tag", "--annotate", "credit-model@v1.0.0", "--message", "a version")
    with pytest.raises(CreditError, match=r"model_name.*by which there are versions"):
        adopt_with(template, model_name="loan-model")


def test_a_rehearsal_lists_the_files_and_changes_nothing_and_a_template_out_of_reach_is_no_obstacle(
    template: Repository, project: Repository
) -> None:
    done = adopt(str(template.folder / "gone"), {}, ask=False, dry_run=True)
    assert "does not answer now" in done.notes[0]
    assert done.commit is None
    assert {"A\t.copier-answers.yml", "M\tREADME.md", "D\tCHANGELOG.md"} <= set(done.changes)
    assert count_commits(project) == 1
    assert project.git("status", "--porcelain") == ""


def test_without_the_templates_address_it_says_what_to_type(project: Repository) -> None:
    with pytest.raises(CreditError, match="make adopt TEMPLATE="):
        adopt(None, {}, ask=False, dry_run=False)


def test_an_address_with_a_secret_is_not_written_into_git(project: Repository) -> None:
    with pytest.raises(CreditError, match="a name or a secret in the address"):
        adopt("https://somebody:token@git.example.org/template", {}, ask=False, dry_run=False)


@pytest.mark.parametrize("store", ["-", "no", "1:30"])
def test_every_store_that_is_answered_is_read_back_as_text(
    template: Repository, project: Repository, store: str
) -> None:
    adopt_with(template, store=store)
    assert yaml.safe_load((project.folder / "release.yaml").read_text()) == {"store": store}


def test_the_same_command_a_second_time_has_nothing_to_do_though_its_path_is_relative(
    template: Repository, project: Repository
) -> None:
    for _ in range(2):
        done = adopt("../upstream", {}, ask=False, dry_run=False)
    assert (done.commit, done.changes) == (None, [])
    with pytest.raises(CreditError, match=r"_src_path.*write its new address there"):
        adopt("../elsewhere", {}, ask=False, dry_run=False)


def test_a_commit_made_meanwhile_is_not_lost(adopted: tuple[Repository, Repository]) -> None:
    """The change was made of what was before; git refuses to put it on top of another."""
    _, project = adopted
    with clone_here(checkout=True) as clone:
        (clone / "stages/new.py").write_text("new\n")
        list_changes(clone)
        Path("mine.py").write_text("mine\n")
        project.commit("meanwhile")
        with pytest.raises(CreditError, match="git merge"):
            commit_clone(clone, "too late")
    assert count_commits(project) == 3
    assert Path("mine.py").exists()
    assert not Path("stages/new.py").exists()


def test_a_second_run_without_a_newer_version_has_nothing_to_do(adopted: tuple[Repository, Repository]) -> None:
    _, project = adopted
    again = adopt(None, {}, ask=False, dry_run=False)
    assert (again.commit, again.changes) == (None, [])
    assert count_commits(project) == 2


def release_second_version(template: Repository) -> None:
    """Change what an update has to bring, and what it must not."""
    template.edit("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    template.edit("stages/split.py", '"""', '"""Changed by the template. ')
    template.edit("docs/adopting.md", "\n", "\nChanged by the template.\n")
    template.edit(".github/workflows/deploy.yml", "timeout-minutes: 30", "timeout-minutes: 45")
    template.edit("params.yaml", "max_features: 30", "max_features: 31")
    template.edit("release.yaml", "store: .store", "store: .other")
    template.edit("data/contracts/scenario.yaml", "row:", "# the template's\nrow:")
    template.edit("dvc.lock", "schema:", "# the template's\nschema:")
    (template.folder / "reports/metrics.json").write_text("{}\n")
    (template.folder / "waivers/theirs.yaml").write_text("theirs: 1\n")
    (template.folder / "stages/new.py").write_text('"""New in the template."""\n')
    template.commit("the second version")
    template.git("tag", "v0.2.0")
    template.git("tag", "--annotate", "credit-model@v9.0.0", "--message", "a model's, of the template's own tour")


def test_a_later_version_arrives_and_everything_of_the_lender_stays(adopted: tuple[Repository, Repository]) -> None:
    """Meanwhile the lender changed parameters, a contract, a stage and a workflow, and answers something otherwise."""
    template, project = adopted
    project.edit("params.yaml", "max_features: 30", "max_features: 12")
    project.edit("stages/split.py", "def run(", "def shuffle() -> None:\n    ...\n\n\ndef run(")
    project.edit(".github/workflows/deploy.yml", "run-name: ", "# the lender's own\nrun-name: ")
    project.git("rm", "--quiet", "data/contracts/scenario.yaml")
    Path("data/contracts/mine.yaml").write_text("name: mine\n")
    Path("waivers/mine.yaml").write_text("mine: 1\n")
    Path("stages/mine.py").write_text('"""A stage of the lender."""\n')
    project.commit("what the lender changed")
    kept = {name: Path(name).read_bytes() for name in OWNED}
    release_second_version(template)

    done = adopt(None, {"environments": "test staging prod", "owners": "@bank/board"}, ask=False, dry_run=False)
    assert str(done.version) == "v0.2.0"
    assert count_commits(project) == 4
    assert project.git("status", "--porcelain") == ""
    assert {name: Path(name).read_bytes() for name in OWNED} == kept
    files = list_files(project)
    assert not [name for name in files if name.endswith(".rej")]
    assert not [name for name in files if "<<<<<<<" in Path(name).read_text()]
    assert not {"data/contracts/scenario.yaml", "waivers/theirs.yaml", "copier.yml", "CHANGELOG.md"} & files
    assert {"stages/mine.py", "stages/new.py"} <= files
    assert "* @bank/board" in Path(".github/CODEOWNERS").read_text()
    split = Path("stages/split.py").read_text()
    assert "Changed by the template." in split
    assert "def shuffle()" in split
    assert "Changed by the template." in Path("docs/adopting.md").read_text()
    deploy = Path(".github/workflows/deploy.yml").read_text()
    assert "timeout-minutes: 45" in deploy
    assert "options: [test, staging, prod]" in deploy
    assert "# the lender's own" in deploy
    assert yaml.safe_load(Path(ANSWERS_FILE).read_text())["_commit"] == "v0.2.0"
    assert adopt(None, {}, ask=False, dry_run=False).changes == []


@pytest.mark.parametrize("prefix", ["", "file://", "git+file://"])
def test_a_later_version_arrives_from_an_address_that_does_not_end_in_git(
    template: Repository, project: Repository, tmp_path: Path, prefix: str
) -> None:
    """Copier takes it for a folder of files, unless it is told that it is one of git."""
    template.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    address = f"{prefix}{tmp_path / 'bare'}"
    adopt(address, {}, ask=False, dry_run=False)
    release_second_version(template)
    template.git("push", "--quiet", "--tags", str(tmp_path / "bare"), "main")
    assert str(adopt(address, {}, ask=False, dry_run=False).version) == "v0.2.0"
    assert Path("stages/new.py").exists()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("gh:their/template", "https://github.com/their/template"),
        ("gl:their/template.git", "https://gitlab.com/their/template.git"),
        ("git+https://git.bank.example/template", "https://git.bank.example/template"),
        ("ssh://git@git.bank.example/template", "ssh://git@git.bank.example/template"),
        ("git.bank.example:their/template", "git.bank.example:their/template"),
        ("git@git.bank.example:their/template", "git@git.bank.example:their/template"),
    ],
)
def test_an_address_is_kept_as_git_takes_it_and_written_as_copier_does(said: str, meant: str) -> None:
    assert _find_address(said) == expand_address(name_for_copier(meant)) == meant
    assert get_repo(name_for_copier(meant)) in (meant, f"{meant}.git")


def test_lines_that_both_changed_are_named_and_nothing_changes(adopted: tuple[Repository, Repository]) -> None:
    template, project = adopted
    project.edit(".github/workflows/deploy.yml", "timeout-minutes: 30", "timeout-minutes: 10")
    project.commit("a limit of the lender's")
    release_second_version(template)
    with pytest.raises(CreditError, match=r"lines that you changed too: \.github/workflows/deploy\.yml;"):
        adopt(None, {}, ask=False, dry_run=True)
    assert count_commits(project) == 3
    assert project.git("status", "--porcelain") == ""
    assert "timeout-minutes: 10" in Path(".github/workflows/deploy.yml").read_text()


def test_a_question_that_nobody_asks_is_refused_by_name(project: Repository, tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_text("stroe: s3://models\nplaces: [us]\n")
    with pytest.raises(CreditError, match=r"answers.yml: stroe: found no such question, expected one of project_name,"):
        read_answers(tmp_path / "answers.yml")


def test_changes_that_nobody_committed_are_not_mixed_in(project: Repository) -> None:
    require_clean()
    project.edit("params.yaml", "max_features: 30", "max_features: 12")
    with pytest.raises(CreditError, match="1 changed files, expected none; commit or stash them"):
        require_clean()


def test_one_file_that_is_gone_is_named_and_of_several_their_folder_and_number() -> None:
    gone = ["D\tone/two/three.py", "D\ttests/template/a.py", "D\ttests/template/b/c.py", "D\tCHANGELOG.md"]
    assert describe_changes(["A\tnew.py", "M\told.py", *gone]) == [
        "  new      new.py",
        "  changed  old.py",
        "  gone     one/two/three.py",
        "  gone     tests/template/ (2 files)",
        "  gone     CHANGELOG.md",
    ]
