"""Let copier make a project of the template, or update one, in a folder of its own."""

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from copier import run_copy, run_update
from copier.errors import CopierAnswersInterrupt, CopierError, DirtyLocalWarning
from jinja2 import TemplateError
from plumbum import ProcessExecutionError

from credit.common.errors import CreditError, Problem
from credit.common.files import read_yaml
from credit.common.temporary import make_temporary_folder
from credit.registry.names import Version
from release.repository.git import run_git
from scaffold.answers import ANSWERS_FILE, QUESTIONS_FILE
from scaffold.losses import keep_changed_files, list_unmerged
from scaffold.template_versions import name_for_copier

_MARKERS = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)\s*$", re.MULTILINE)


def render_project(
    template: Path,
    version: Version,
    address: str,
    answers: dict[str, Any],
    ask: bool,
    folder: Path,
    without: list[str],
) -> None:
    """Render a clone of the template into a folder, `without` some files, as if it came from its address at a tag."""
    tag = str(version)
    run_git("-C", str(template), "tag", "--force", tag, "HEAD")
    with _translate_errors():
        run_copy(
            str(template),
            folder,
            answers,
            vcs_ref=tag,
            defaults=not ask,
            overwrite=True,
            quiet=True,
            exclude=[f"/{name}" for name in without],
        )
    _write_origin(folder, _commit=tag, _src_path=name_for_copier(address))


class Conflicts(NamedTuple):
    """Files that the project and the template both changed: `merged` have markers, `replaced` are gone or binary."""

    merged: list[str]
    replaced: list[str]


def update_project(folder: Path, version: Version, answers: dict[str, Any]) -> Conflicts:
    """Update the project in a folder to a version; returns the files that the project and the template both changed."""
    before = read_yaml(folder / ANSWERS_FILE)
    with _translate_errors():
        run_update(folder, answers, vcs_ref=str(version), defaults=True, overwrite=True, conflict="inline", quiet=True)
    _write_origin(folder, _commit=str(version))
    changed = run_git("-C", str(folder), "ls-files", "--modified", "--others", "-z").split("\0")[:-1]
    return Conflicts(sorted({name for name in changed if _is_conflict(folder / name)}), _list_replaced(folder, before))


def _list_replaced(folder: Path, before: dict[str, Any]) -> list[str]:
    """List the files whose changes are lost; the template is rendered once more, as it was, when any could be."""
    if not (unmerged := list_unmerged(folder)):
        return []
    given = {key: value for key, value in before.items() if not key.startswith("_")}
    with make_temporary_folder() as temporary, _translate_errors():
        run_copy(before["_src_path"], temporary, given, vcs_ref=before["_commit"], defaults=True, quiet=True)
        return keep_changed_files(folder, unmerged, temporary)


def _write_origin(folder: Path, **values: str) -> None:
    """Write the template's version or address into the answers: copier names the nearest tag, were it a model's."""
    path = folder / ANSWERS_FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in values]
    said = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    path.write_text("\n".join([*kept[:1], *said, *kept[1:]]) + "\n", encoding="utf-8")


def _is_conflict(path: Path) -> bool:
    return path.suffix == ".rej" or (path.is_file() and _MARKERS.search(path.read_bytes()) is not None)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DirtyLocalWarning)
            yield
    except CopierAnswersInterrupt:
        raise KeyboardInterrupt from None  # Ctrl-C at a question
    except ProcessExecutionError as error:  # git, by which copier fetches and merges
        lines = [line for line in str(error.stderr).splitlines() if line.strip()] or ["git failed"]
        raise CreditError(Problem("copier", lines[-1][:300])) from None
    except TemplateError as error:  # a file that a `.jinja` includes has its marks, or is gone
        where = getattr(error, "name", None) or "the template"
        fix = "bring the file back as the template has it, or take copier's marks [%, [= and [## out of it"
        found = f"copier cannot render it: {' '.join(str(error).split())[:300]}"
        raise CreditError(Problem(where, found, fix=fix)) from None
    except (CopierError, ValueError) as error:
        raise CreditError(Problem(QUESTIONS_FILE, " ".join(str(error).split())[:500])) from None
