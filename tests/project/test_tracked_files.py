"""The repository is in order: locked dependencies, files that can be read, no data and no model in git."""

import re
from pathlib import Path

import pytest
import yaml

from testing.imports import list_dependencies
from testing.lenders.frozen import ROOT, list_tracked_files


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
    assert set(list_dependencies()) <= locked("requirements.lock").keys()


@pytest.mark.parametrize("file", ["requirements.service.lock", "requirements.watch.lock"])
def test_an_image_has_the_same_versions_as_everybody_else(file: str) -> None:
    image, all_ = locked(file), locked("requirements.lock")
    assert len(image) > 20
    assert image.items() <= all_.items()
    assert "://" not in (ROOT / file).read_text()


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", ".pre-commit-config.yaml"])
def test_yaml_files_are_yaml(name: str) -> None:
    assert yaml.safe_load((ROOT / name).read_text())


def test_no_data_and_no_model_is_in_git() -> None:
    """A file that a modeler has beside it, and that git was not told of, is none in git."""
    kept = "tests/template/credit/bundle/formats/"  # a bundle of each format, of made-up people
    named = [name for name in list_tracked_files(others=False) if not name.startswith(kept)]
    found = [name for name in named if Path(name).suffix in {".csv", ".dta", ".parquet", ".pkl", ".skops"}]
    data = [name for name in found if not (name.endswith(".csv") and "reports/plots/" in name)]
    assert not data, f"{', '.join(data)}: data and models belong to DVC; git rm --cached FILE, then dvc add FILE"
