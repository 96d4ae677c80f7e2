"""What a change does to the judge: paths, parameters, the contract, waivers, tests, packages."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from credit.reports.base import Flag, ReportPart
from release.compare.data_and_params import compare_params
from release.compare.sides import Sides
from release.judge import scope
from release.judge.contract_scope import merge_contract
from release.judge.weaker_tests import find_weaker_tests
from release.repository.git import run_git
from release.repository.revision import Revision

_PACKAGE = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)


class JudgeChange(ReportPart):
    """One thing that a change does to the judge."""

    kind: str
    where: str
    base: str
    head: str
    """In words; empty where there is nothing to say beyond that it changed."""
    is_used: Flag
    """Whether the change's value is the one that the verdict of the base is about."""


class ChangedFiles(NamedTuple):
    """The paths that differ between base and head, with git's letter for how."""

    letters: dict[str, str]

    @property
    def training_code(self) -> list[str]:
        """The code of the change that makes the predictions."""
        return [path for path in self.letters if scope.is_training_code(path)]


def list_changed_files(revisions: Sides[Revision]) -> ChangedFiles:
    """List the paths that differ; a renamed file is one that went and one that came."""
    base, head = revisions.map(lambda side: str(side.commit))
    fields = run_git("diff", "--name-status", "--no-renames", "-z", base, head).split("\0")
    return ChangedFiles(dict(zip(fields[1::2], fields[::2], strict=False)))


def find_judge_changes(revisions: Sides[Revision], files: ChangedFiles) -> list[JudgeChange]:
    """Find everything that touches the judge, what matters most first."""
    return [
        *_list_param_changes(revisions),
        *_list_lost_attributes(revisions),
        *_list_contract_changes(revisions, files),
        *_list_path_changes(revisions, files),
        *_list_new_packages(revisions, files),
        *(
            JudgeChange(kind="tests", where=where, base="", head=what, is_used=False)
            for where, what in find_weaker_tests(revisions, files.letters)
        ),
    ]


def _list_param_changes(revisions: Sides[Revision]) -> Iterator[JudgeChange]:
    for key, (before, after) in compare_params(revisions).items():
        is_lever = scope.is_param_under(key, scope.LEVER_PARAMS)
        if is_lever or scope.is_judge_param(key):
            kind = "a parameter that moves everybody" if is_lever else "limits"
            yield JudgeChange(kind=kind, where=key, base=str(before), head=str(after), is_used=is_lever)


def _list_contract_changes(revisions: Sides[Revision], files: ChangedFiles) -> Iterator[JudgeChange]:
    for path in files.letters:
        if not path.startswith(scope.CONTRACTS) or path.startswith(scope.WORDS) or scope.name_judge_kind(path):
            continue
        texts = revisions.map(lambda side, path=path: read_mapping(side, path))  # type: ignore[misc]
        name = path.removeprefix(scope.CONTRACTS)
        if texts.base is None or texts.head is None:
            what = "a contract that the base does not have" if texts.base is None else "removed"
            is_used = texts.base is None
            yield JudgeChange(kind="contract", where=name, base="", head=what, is_used=is_used)
            continue
        for one in merge_contract(texts.base, texts.head)[1]:
            yield JudgeChange(
                kind="contract",
                where=f"{name}: {one.where}",
                base=_format(one.base),
                head=_format(one.head),
                is_used=one.is_used,
            )
        if _deals_by_whole_rows(texts.base) and _list_raw_columns(texts.base) != _list_raw_columns(texts.head):
            what = "no id, and other columns: rows change sides, so figures are about other people; give rows an id"
            yield JudgeChange(kind="split", where=name, base="", head=what, is_used=True)


def _list_lost_attributes(revisions: Sides[Revision]) -> Iterator[JudgeChange]:
    """List what the contract in use protects and that of the change does not, where the change uses another file."""
    if not revisions.map(lambda side: side.dataset).has_changed:
        return
    before, after = revisions.map(lambda side: _list_protected(read_mapping(side, side.contract_path) or {}))
    for name in before:
        if name not in after:
            where = f"{revisions.head.dataset}.yaml: columns.{name}"
            what = f"protected, in {revisions.base.dataset}.yaml"
            yield JudgeChange(kind="contract", where=where, base=what, head="not protected", is_used=True)


def _list_protected(contract: dict[str, Any]) -> list[str]:
    columns = contract.get("columns") or {}
    return [name for name, of in columns.items() if isinstance(of, dict) and of.get("role") == "protected"]


def _format(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _deals_by_whole_rows(contract: dict[str, Any]) -> bool:
    """Tell whether rows are dealt by the hash of all that they hold, as there is nothing to know them by."""
    columns = contract.get("columns") or {}
    return not any(isinstance(of, dict) and of.get("role") in ("id", "group") for of in columns.values())


def _list_raw_columns(contract: dict[str, Any]) -> list[str]:
    columns = contract.get("columns") or {}
    return [name for name, of in columns.items() if isinstance(of, dict) and of.get("sql") is None]


def read_mapping(revision: Revision, path: str) -> dict[str, Any] | None:
    """Read a YAML file of a revision; None when it is not there, or is no mapping."""
    try:
        content = yaml.load(revision.read_text(path) or "", yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    return content if isinstance(content, dict) else None


_LETTERS = {"A": "added", "D": "deleted", "M": "changed", "T": "another kind of file"}


def _list_path_changes(revisions: Sides[Revision], files: ChangedFiles) -> Iterator[JudgeChange]:
    for path, letter in files.letters.items():
        kind = scope.name_judge_kind(path)
        if kind is not None and kind != "tests":
            what = _LETTERS.get(letter, letter)
            yield JudgeChange(kind=kind, where=path, base="", head=what, is_used=False)


def _list_new_packages(revisions: Sides[Revision], files: ChangedFiles) -> Iterator[JudgeChange]:
    for path in files.letters:
        if path.endswith(".lock") and path != "dvc.lock":
            before, after = revisions.map(lambda side, path=path: set(_PACKAGE.findall(side.read_text(path) or "")))  # type: ignore[misc]
            for name in sorted(after - before):
                yield JudgeChange(kind="packages", where=path, base="", head=f"new: {name}", is_used=False)
