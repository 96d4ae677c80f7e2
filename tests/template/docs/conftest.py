"""The template as it is, with its own results, for the walks and the pictures."""

from pathlib import Path

import pytest

from testing.projects import Project, copy_project


@pytest.fixture
def template(template_once: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    return copy_project(template_once, tmp_path / "of")
