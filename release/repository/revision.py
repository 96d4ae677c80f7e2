"""One side of a comparison: a commit, or the working tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from credit.common.errors import CreditError, Problem
from credit.common.files import describe_yaml_error
from credit.common.temporary import make_temporary_folder
from credit.registry.names import match_version
from release.repository.dvc_outputs import parse_dvc_lock, pull_file
from release.repository.git import find_experiments, read_text_at, resolve_commit, run_git


@dataclass(frozen=True)
class Revision:
    """A revision. `name` is as the user gave it; `commit` is None for the working tree."""

    name: str
    commit: str | None

    def read_text(self, path: str) -> str | None:
        """Read a file in git; None when it is not there."""
        if self.commit is not None:
            return read_text_at(self.commit, path)
        file = Path(path)
        return file.read_text(encoding="utf-8") if file.is_file() else None

    @cached_property
    def params(self) -> dict[str, Any]:
        """The content of params.yaml, empty when it is not there."""
        where = f"params.yaml at {self.name}"
        try:
            content = yaml.load(self.read_text("params.yaml") or "{}", yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise CreditError(Problem(where, describe_yaml_error(error))) from None
        if not isinstance(content, dict):
            raise CreditError(Problem(where, type(content).__name__, "keys and values"))
        return content

    @cached_property
    def dvc_outputs(self) -> dict[str, str]:
        """The MD5 of every output in dvc.lock, by path."""
        return parse_dvc_lock(self.read_text("dvc.lock") or "", f"dvc.lock at {self.name}")

    @property
    def dataset(self) -> str | None:
        """The name of the dataset in use; None when params.yaml names none."""
        data = self.params.get("data")
        name = data.get("contract") if isinstance(data, dict) else None
        return None if name is None else str(name)

    @property
    def contract_path(self) -> str:
        """The path of the contract in use."""
        return f"data/contracts/{self.dataset}.yaml"

    @contextmanager
    def extract_file(self, path: str) -> Iterator[Path]:
        """Write a file in git to a temporary folder, with its own name. Raises CreditError when it is not there."""
        text = self.read_text(path)
        if text is None:
            raise CreditError(Problem(f"{path} at {self.name}", "no such file"))
        with make_temporary_folder() as temporary:
            copy = temporary / Path(path).name
            copy.write_text(text, encoding="utf-8")
            yield copy

    @contextmanager
    def pull_predictions(self, candidate: str) -> Iterator[Path]:
        """Find the predictions of a candidate here, or pull them from DVC's cache or its remote.

        Raises CreditError when none of them has the file.
        """
        with self.pull_output(f"data/predictions/{candidate}.parquet") as file:
            yield file

    @contextmanager
    def pull_output(self, path: str) -> Iterator[Path]:
        """Find an output of the pipeline here, or pull it, as `pull_predictions`."""
        if self.commit is None and Path(path).is_file():
            yield Path(path)
            return
        with make_temporary_folder() as temporary:
            copy = temporary / Path(path).name
            copy.write_bytes(pull_file(self.commit, path))
            yield copy


def resolve_revisions(base: str, head: str | None, merge_base: bool) -> tuple[Revision, Revision]:
    """Resolve both sides. Raises CreditError for an unknown revision, or a clone that is too shallow to know."""
    if run_git("rev-parse", "--is-shallow-repository").strip() == "true":
        fix = "git fetch --unshallow, or fetch-depth: 0 on GitHub"
        raise CreditError(Problem("this clone", "lacks a part of the history", fix=fix))
    first = _resolve_revision(base)
    second = _resolve_revision(head) if head else None
    name = base
    if merge_base:
        first = _find_merge_base(base, first, second or "HEAD")
        name = f"the merge base with {base}"
    return Revision(name, first), Revision(head or "the working tree", second)


def _resolve_revision(name: str) -> str:
    """Resolve a version by its short name, else as git does, else as an experiment of DVC.

    Of several experiments it is the one that started from HEAD.
    """
    version = match_version(name)
    try:
        return resolve_commit(version.tag if version else name)
    except CreditError:
        experiments = find_experiments(name)
    if len(experiments) > 1:
        head = resolve_commit("HEAD")
        if head in experiments:
            return experiments[head]
        starts = ", ".join(f"{commit[:9]} from {start[:9]}" for start, commit in experiments.items())
        found = f"{len(experiments)} experiments, {starts}"
        raise CreditError(Problem(f"revision {name}", found, "one", "name its commit"))
    if not experiments:
        fix = "git fetch, or dvc exp pull, if it is at origin"
        raise CreditError(Problem(f"revision {name}", "no such commit", "a branch, tag, hash or experiment", fix))
    return next(iter(experiments.values()))


def _find_merge_base(base: str, first: str, second: str) -> str:
    try:
        return run_git("merge-base", first, second).strip()
    except CreditError:
        raise CreditError(Problem(f"revision {base}", "has no commit in common with the other one")) from None
