"""The system's parts that some tests need: a test without its part is left out, and named at the end."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

LEFT_OUT = "left out: "
"""How the reason of a test begins that was left out because this machine lacks a part."""


class Need(NamedTuple):
    """A part of the system: whether it is here, and how to have it."""

    is_here: Callable[[], bool]
    how: str


def find_postgres() -> Path | None:
    """Find the folder of PostgreSQL's programs, the newest version's."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return programs[-1].parent if programs else None


def find_chromium() -> str | None:
    """Find a browser that Playwright can drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def find_secantus() -> str | None:
    """Find a server that speaks MongoDB's protocol. It is under the GPL: in a folder of its own, in no lock of ours."""
    own = Path.home() / ".cache/secantusdb/bin/secantusd-py"
    return shutil.which("secantusd-py") or (str(own) if own.exists() else None)


def _has_programs(*names: str) -> Callable[[], bool]:
    return lambda: all(map(shutil.which, names))


NEEDS = {
    "PostgreSQL": Need(lambda: find_postgres() is not None, "apt-get install postgresql"),
    "Chromium": Need(lambda: find_chromium() is not None, "apt-get install chromium"),
    "podman": Need(
        _has_programs("podman", "buildah", "runc", "debootstrap"), "apt-get install podman buildah runc debootstrap"
    ),
    "promtool": Need(_has_programs("promtool"), "apt-get install prometheus"),
    "Alertmanager": Need(_has_programs("amtool", "prometheus-alertmanager"), "apt-get install prometheus-alertmanager"),
    "SecantusDB": Need(
        lambda: find_secantus() is not None,
        "python3 -m venv ~/.cache/secantusdb && ~/.cache/secantusdb/bin/pip install SecantusDB==0.7.0b3",
    ),
    "jq": Need(_has_programs("jq"), "apt-get install jq"),
    "curl": Need(_has_programs("curl"), "apt-get install curl"),
    "root": Need(lambda: os.geteuid() == 0, "run it as root"),
}


def require(*names: str) -> None:
    """Leave the test out unless this machine has the parts."""
    for name in names:
        if not NEEDS[name].is_here():
            pytest.skip(f"{LEFT_OUT}no {name}; {NEEDS[name].how}")
