"""What README.md shows is what happens: its commands are run in a copy of the repository, its tables are compared."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with the output shown below it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def matches(shown: str, told: str) -> bool:
    """Whether the output is the one shown: `...` stands for anything, and runs of white space are alike."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return not shown.strip() or doctest.OutputChecker().check_output(shown, told, flags)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the working tree as it is, with an environment that is installed already."""
    folder = tmp_path_factory.mktemp("clone") / "template"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv/.installed").touch()
    for command in ("git init --quiet --initial-branch main", "git add --all", "git commit --quiet --message clone"):
        subprocess.run(command.split(), cwd=folder, env=environment(folder), check=True)
    return folder


def environment(folder: Path) -> dict[str, str]:
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    names = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "modeler")
    mails = dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "modeler@example.org")
    path = f"{folder}/.venv/bin:{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": path, "COLUMNS": "200", "GIT_CONFIG_NOSYSTEM": "1", **names, **mails}


def test_the_commands_of_the_readme_print_what_it_shows(copy: Path) -> None:
    """One after the other in one copy, as a reader would; `make test` is what is running right now."""
    for command, shown in [pair for block in BLOCKS for pair in commands(block) if pair[0] != "make test"]:
        done = subprocess.run(
            ["bash", "-c", command], cwd=copy, env=environment(copy), capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        assert (done.returncode == 0) != shown.startswith("error:"), f"{command}\n{told}"
        assert matches(shown, told), f"{command}\nshown:\n{shown}\ntold:\n{told}"
        if command == "make repro":
            status = subprocess.run(
                ["git", "status", "--porcelain"],
                cwd=copy,
                env=environment(copy),
                capture_output=True,
                text=True,
                check=True,
            )
            assert status.stdout == "", "the committed results are not those that come out"


def test_the_table_of_stages_is_that_of_dvc_yaml() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    rows = [f"| `{name}` | {stage['desc']} |" for name, stage in stages.items()]
    table = "\n".join(["| stage | what it does |", "|---|---|", *rows])
    shown = re.search(r"<!-- stages -->\n(.*?)\n<!-- /stages -->", README, re.DOTALL)
    assert shown
    assert shown[1].strip() == table, f"put this table between the marks:\n{table}"


def test_every_file_and_folder_that_the_readme_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
    for name in re.findall(r"`((?:reports|data/contracts|stages|credit|scenario|tests)/[\w./]*)`", README):
        assert (ROOT / name).exists() or "loans" in name, name  # loans: the reader's own


def test_the_approval_rates_in_the_readme_are_those_of_the_data(tmp_path: Path) -> None:
    import duckdb

    from stages.fetch import Loanapp, fetch_loanapp

    fetch_loanapp(tmp_path / "loanapp", Loanapp(version="0.5.0"))
    query = f"SELECT black, hispan, avg(approve) FROM read_csv('{tmp_path}/loanapp') GROUP BY 1, 2 ORDER BY 1, 2"
    white, hispanic, black = (round(100 * row[2]) for row in duckdb.connect().execute(query).fetchall())
    text = " ".join(README.split())
    assert f"approved {white}% of white, {hispanic}% of Hispanic and {black}% of Black applicants" in text


def test_the_law_is_left_to_counsel() -> None:
    assert "have counsel check them" in " ".join(README.split())
