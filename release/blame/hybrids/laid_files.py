"""The files of a hybrid as git knows them: which outcome is kept for them is known before a clone is made."""

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from release.blame.hybrids.pipeline_inputs import PARAMS
from release.blame.hybrids.recipes import Recipe
from release.repository.git import run_git


class Blob(NamedTuple):
    """The content of a file in git, with its mode."""

    mode: str
    name: str


class LaidFiles(NamedTuple):
    """The files of one version with some of another's laid over them; a snapshot, for readers of single files."""

    name: str
    source: Path
    blobs: dict[str, Blob]

    def read_text(self, path: str) -> str | None:
        """Read a file; None when it is not there."""
        return _read_blob(self.source, self.blobs[path].name) if path in self.blobs else None

    def list_staged(self) -> list[str]:
        """List the files as `git ls-files --stage` does in a clone in which all is added."""
        return [f"{blob.mode} {blob.name} 0\t{path}" for path, blob in sorted(self.blobs.items())]


def lay_files(source: Path, base: str, head: str, recipe: Recipe) -> LaidFiles:
    """Lay the files of a recipe, as they are in one commit, over those of another."""
    blobs, other = dict(_list_blobs(source, base)), _list_blobs(source, head)
    for path in recipe.paths:
        blobs.pop(path, None)
        if path in other:
            blobs[path] = other[path]
    if recipe.params is not None:
        mode = blobs[PARAMS].mode if PARAMS in blobs else "100644"
        blobs[PARAMS] = Blob(mode, _name_blob(recipe.params))
    return LaidFiles(recipe.name, source, blobs)


@cache
def _list_blobs(source: Path, commit: str) -> dict[str, Blob]:
    found = {}
    for line in run_git("-C", str(source), "ls-tree", "-r", "-z", commit).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        if "\N{REPLACEMENT CHARACTER}" in path:
            raise CreditError(Problem(f"{commit[:10]}: {path}", "a name that is not UTF-8", "git mv it to one that is"))
        mode, _, name = about.split()
        found[path] = Blob(mode, name)
    return found


@cache
def _read_blob(source: Path, name: str) -> str:
    return run_git("-C", str(source), "cat-file", "blob", name)


def _name_blob(text: str) -> str:
    """Name a content as git does, but in a repository with names by SHA-256: there it has a name of its own."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
