"""Walk through a page of documentation: run its commands in a copy of the repository, and compare what they print.

A block ```` ```console ```` has commands after `$ `, each with the output that is to come; `...` stands for anything.
A block with `title="path"` is a file, which the reader writes. `make serve` and `make watch` run until the walk ends.
"""

import doctest
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from testing.parts.servers import PATIENCE, find_free_ports, wait_until
from testing.projects import Project

SHOWN_PORTS = {"make serve": "8000", "make watch": "8001"}
"""The ports in the pages, by what serves there. A walk takes free ones, as others may have these."""

HEALTH = {"make serve": "/health/ready", "make watch": "/metrics"}
"""What is asked of them until they answer."""

NOT_RUN = {"make test", "make check", "make bench"}
"""Commands that are shown and not run: the walk is a test itself."""

_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """A command of a page, and the output shown below it."""

    line: str
    shown: str


class WrittenFile(NamedTuple):
    """A file that a page tells its reader to write."""

    path: str
    text: str


def list_steps(page: str) -> list[Command | WrittenFile]:
    """List what a page tells its reader to run and to write, in its order."""
    steps: list[Command | WrittenFile] = []
    for language, title, text in _BLOCK.findall(page):
        if title:
            steps.append(WrittenFile(title, text))
        elif language == "console":
            parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
            steps += [Command(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]
    return steps


class Walk:
    """A reader who goes through pages in one copy of the repository."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ports = dict(zip(SHOWN_PORTS, map(str, find_free_ports(len(SHOWN_PORTS))), strict=True))
        path = f"{project.folder / '.venv/bin'}:{project.env['PATH']}"
        self._env = {"PATH": path, "SERVICE_PORT": self._ports["make serve"], "WATCH_PORT": self._ports["make watch"]}
        self._services = ExitStack()

    def __enter__(self) -> "Walk":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what runs."""
        self._services.close()

    def follow(self, page: Path) -> None:
        """Do all that a page says. Raises AssertionError at the first command that prints something else."""
        for step in list_steps(page.read_text(encoding="utf-8")):
            if isinstance(step, WrittenFile):
                file = self._project.folder / step.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(step.text, encoding="utf-8")
            elif step.line in SHOWN_PORTS:
                self._services.enter_context(self._start(step.line))
            elif step.line not in NOT_RUN:
                self._run(page, step)

    def _run(self, page: Path, command: Command) -> None:
        line, shown = map(self._name_ports, command)
        done = self._project.run("bash", "-c", line, check=False, **self._env)
        told = done.stdout + done.stderr
        where = f"{page.name}: {line}"
        assert (done.returncode == 0) != shown.startswith("error:"), f"{where}\n{told}"
        assert _matches(shown, told), f"{where}\nshown:\n{shown}\ntold:\n{told}"

    def _name_ports(self, text: str) -> str:
        taken = {shown: self._ports[line] for line, shown in SHOWN_PORTS.items()}
        return re.sub("|".join(taken), lambda shown: taken[shown[0]], text)

    @contextmanager
    def _start(self, line: str) -> Iterator[None]:
        env = self._project.env | self._env
        process = subprocess.Popen(
            line.split(), cwd=self._project.folder, env=env, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            wait_until(lambda: self._is_ready(line), line, process)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def _is_ready(self, line: str) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self._ports[line]}{HEALTH[line]}", timeout=PATIENCE).ok
        except requests.RequestException:
            return False


def _matches(shown: str, told: str) -> bool:
    """Whether the output is the one shown: `...` stands for anything, and runs of white space are alike."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return not shown.strip() or doctest.OutputChecker().check_output(shown, told, flags)
