"""One side of a comparison: a commit, or the working tree."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from credit.errors import CreditError, Problem
from release.git import commit_of, git, text_at
from release.restore import file_at


@dataclass(frozen=True)
class Revision:
    """`name` is what people called it; `commit` is None for the working tree."""

    name: str
    commit: str | None

    def text(self, path: str) -> str | None:
        """A file in git; None when it is not there."""
        if self.commit is not None:
            return text_at(self.commit, path)
        file = Path(path)
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def json(self, path: str) -> Any:
        """A report. Raises CreditError when it is not JSON; what is not there is empty."""
        try:
            return json.loads(self.text(path) or "{}")
        except ValueError as error:
            raise CreditError(Problem(f"{path} at {self.name}", str(error), "JSON")) from None

    @cached_property
    def params(self) -> dict[str, Any]:
        """params.yaml."""
        try:
            return yaml.load(self.text("params.yaml") or "", yaml.CSafeLoader) or {}
        except yaml.YAMLError as error:
            found = " ".join(str(error).split())
            raise CreditError(Problem(f"params.yaml at {self.name}", found, "YAML")) from None

    @cached_property
    def locked(self) -> dict[str, str]:
        """The MD5 of every output in dvc.lock, by path."""
        stages = (yaml.load(self.text("dvc.lock") or "", yaml.CSafeLoader) or {}).get("stages", {})
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ())}

    @property
    def contract(self) -> str:
        """The path of the contract in use."""
        return f"data/contracts/{(self.params.get('data') or {}).get('contract')}.yaml"

    def edited(self) -> list[str]:
        """Reports in git that are not what the pipeline wrote: their MD5 is not that of dvc.lock."""
        found = []
        for path, md5 in self.locked.items():
            text = self.text(path) if path.endswith((".json", ".md", ".csv")) else None
            if text is not None and hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() != md5:
                found.append(path)
        return found

    @contextmanager
    def file(self, path: str) -> Iterator[Path]:
        """A file in git as a file on disk, with its own name. Raises CreditError when it is not there."""
        text = self.text(path)
        if text is None:
            raise CreditError(Problem(f"{path} at {self.name}", "no such file", "it"))
        with tempfile.TemporaryDirectory(prefix="release-") as temporary:
            copy = Path(temporary) / Path(path).name
            copy.write_text(text, encoding="utf-8")
            yield copy

    @contextmanager
    def predictions(self, candidate: str) -> Iterator[Path]:
        """A file with the predictions of a candidate, from here, DVC's cache or its remote.

        Raises CreditError when it is nowhere to be had.
        """
        path = f"data/predictions/{candidate}.parquet"
        if self.commit is None and Path(path).is_file():
            yield Path(path)
            return
        with tempfile.TemporaryDirectory(prefix="release-") as temporary:
            copy = Path(temporary) / "predictions.parquet"
            copy.write_bytes(file_at(self.commit, path))
            yield copy


def revisions(base: str, head: str | None, merge_base: bool) -> tuple[Revision, Revision]:
    """Both sides. Raises CreditError for an unknown revision, or a clone that is too shallow to know."""
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        mend = "git fetch --unshallow, or fetch-depth: 0 on GitHub"
        raise CreditError(Problem("this clone", "a shallow one", "one with its whole history", mend))
    first = commit_of(base)
    second = commit_of(head) if head else None
    name = base
    if merge_base:
        first = git("merge-base", first, second or "HEAD").strip()
        name = f"the merge base with {base}"
    return Revision(name, first), Revision(head or "the working tree", second)
