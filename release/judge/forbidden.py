"""What no change may bring, whatever the verdict: frozen stages, other commands, unreadable code, own waivers."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from credit.fairness.waivers import Waiver, fold_name
from release.compare.sides import Sides
from release.judge.changes import ChangedFiles, read_mapping
from release.repository.data_sources import find_source_faults
from release.repository.git import list_files_at, run_git
from release.repository.revision import Revision


def find_forbidden(revisions: Sides[Revision], files: ChangedFiles) -> list[str]:
    """Find what no change may bring, whatever the verdict; a sentence each."""
    return [
        *_find_frozen_stages(revisions.head),
        *_find_other_sources(revisions.head, files),
        *_find_unreadable_code(revisions.head, files),
        *_find_own_waivers(revisions, files),
    ]


def _find_frozen_stages(head: Revision) -> Iterator[str]:
    """Find stages that DVC would skip, in any file that it reads."""
    for path in list_files_at(str(head.commit)):
        if path.rpartition("/")[2] == "dvc.yaml" or path.endswith(".dvc"):
            for name in find_frozen_stages(read_mapping(head, path)):
                yield f"{path}: {name or 'it'} is frozen, so it would never run again; remove `frozen`"


def _find_other_sources(head: Revision, files: ChangedFiles) -> Iterator[str]:
    """Find `*.dvc` files that are more than data of their own name: `dvc repro` would run their command."""
    for path, letter in files.letters.items():
        if path.endswith(".dvc") and letter != "D":
            yield from map(str, find_source_faults(head.read_text(path) or "", path))


def _find_unreadable_code(head: Revision, files: ChangedFiles) -> Iterator[str]:
    """Find files among the training code that a person cannot read, and that Python may load."""
    for path in files.training_code:
        text = "" if files.letters[path] == "D" else head.read_text(path) or ""
        if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
            yield f"{path}: is no text, and who approves training code has to read it; bring its source"


def _find_own_waivers(revisions: Sides[Revision], files: ChangedFiles) -> Iterator[str]:
    """Find waivers of the change that its own author signs. None of the change's counts before it is in the base."""
    for path, letter in files.letters.items():
        if not path.startswith("waivers/") or not path.endswith(".yaml") or letter == "D":
            continue
        try:
            waiver = Waiver.model_validate(read_mapping(revisions.head, path) or {})
        except ValidationError:
            continue  # the pipeline of the base says what is wrong with it once it is there
        authors = _list_authors(revisions, path)
        for name in filter(None, (waiver.who, waiver.second)):
            if fold_name(name) in authors:
                yield f"{path}: {name} signs a waiver that {name} wrote; another person has to"


def _list_authors(revisions: Sides[Revision], path: str) -> set[str]:
    """List the names and addresses, folded, of those who wrote, committed or co-authored a file in a change."""
    base, head = revisions.map(lambda side: str(side.commit))
    form = "--format=%an%n%ae%n%cn%n%ce%n%(trailers:key=Co-authored-by,valueonly)"
    log = run_git("log", "--full-history", form, f"{base}..{head}", "--", path)
    names = {fold_name(name) for line in log.splitlines() for name in line.removesuffix(">").split(" <")}
    return names - {"", fold_name("GitHub"), fold_name("noreply@github.com")}


def find_frozen_stages(content: Any) -> Iterator[str]:
    """Find the frozen stages of a dvc.yaml; of a `*.dvc` file that has dependencies the empty name.

    Those of a `foreach` say so below `do`. A template counts, as it may become true.
    """
    if not isinstance(content, dict):
        return
    stages = content.get("stages")
    parts = stages.items() if isinstance(stages, dict) else [("", content)]
    for name, of in parts:
        if isinstance(of, dict) and (name or "deps" in of):
            inner = of.get("do")
            if of.get("frozen") or (isinstance(inner, dict) and inner.get("frozen")):
                yield str(name)
