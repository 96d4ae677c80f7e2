"""Make this clone of the template a project, or bring the template's newest version into it; in one commit or none."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import read_yaml, write_text
from credit.registry.names import ARTIFACT, Version, match_version
from release.doctor.checklist import CHECKLIST_FILE, render_checklist
from release.judge.owners import FILE, MARKER, render_owners
from release.repository.git import run_git
from scaffold.answers import ANSWERS_FILE, QUESTIONS_FILE, read_origin, refuse_renaming
from scaffold.committing import clone_here, commit_clone, list_changes
from scaffold.copying import Conflicts, render_project, update_project
from scaffold.readme import README_FILE, note_own_readme, restore_readme
from scaffold.template_versions import expand_address, list_template_versions, read_template_version

TEMPLATE_REMOTE = "template"
LOCAL_DATABASE = "database"
"""The host by which services reach the database of compose.yaml."""

WATCH_ROLE_FILE = "deploy/database/watch_role.sql"


class Adoption(NamedTuple):
    """A change that was made, or with --dry-run would be: its commit, None without one, its files, and notes on it."""

    version: Version
    commit: str | None
    changes: list[str]
    notes: list[str]


def adopt(address: str | None, answers: dict[str, Any], ask: bool, dry_run: bool) -> Adoption:
    """Adopt or update; `ask`: on the terminal. Raises CreditError, and nothing has changed."""
    if Path(ANSWERS_FILE).exists():
        return _update(address, answers, dry_run)
    if not Path(QUESTIONS_FILE).exists():
        fix = "copier copy makes a project elsewhere"
        raise CreditError(Problem("this folder", f"neither {QUESTIONS_FILE} nor {ANSWERS_FILE}", "one of them", fix))
    return _adopt(_find_address(address), answers, ask, dry_run)


def _adopt(address: str, answers: dict[str, Any], ask: bool, dry_run: bool) -> Adoption:
    version = read_template_version(Path())
    refuse_renaming(ARTIFACT, answers.get("model_name"))
    with clone_here(checkout=True) as template, clone_here(checkout=False) as project:
        own_readme = note_own_readme(version, address)
        render_project(template, version, address, answers, ask, project, [README_FILE] if own_readme else [])
        if own_readme:
            restore_readme(project)
        given = read_yaml(project / ANSWERS_FILE)
        refuse_renaming(ARTIFACT, given["model_name"])
        notes = [*_note_template(address, version), *own_readme, *_note_database(given["database"])]
        notes += _write_pages(project, given)
        changes = list_changes(project)
        message = f"Adopt the template {version}"
        commit = None if dry_run else commit_clone(project, message)
    return Adoption(version, commit, changes, notes)


def _write_pages(project: Path, given: dict[str, Any]) -> list[str]:
    """Write what a project gets that is no file of the template; returns what to know about it."""
    notes = ["nobody is named who approves a change of what judges; release codeowners OWNER writes it"]
    if owners := given["owners"].split():
        notes = _write_owners(project, owners)
    page = render_checklist(project, given["model_name"], given["environments"].split())
    write_text(project / CHECKLIST_FILE, page)
    return notes


def _write_owners(project: Path, owners: list[str]) -> list[str]:
    """Write the code owners, unless a person wrote the file; returns what to know about it."""
    path = project / FILE
    if path.exists() and MARKER not in path.read_text(encoding="utf-8"):
        return [f"{FILE} is written by a person and stays; the owners go there by hand"]
    write_text(path, render_owners(owners))
    return []


def _note_template(address: str, version: Version) -> list[str]:
    """Note what would keep later versions from arriving."""
    try:
        there = list_template_versions(address)
    except CreditError as error:
        return [f"the template at {address} does not answer now, and later versions come from there: {error}"]
    return [] if version in there else [f"the template at {address} has no tag {version}; an update needs it there"]


def _note_database(address: str) -> list[str]:
    """Note what a database needs that compose.yaml does not make."""
    host = address.partition("@")[2].partition("/")[0]
    if host.partition(":")[0] == LOCAL_DATABASE:
        return []
    return [f"the watch reads the database at {host} as the role watch; make it there: {WATCH_ROLE_FILE}"]


def _update(address: str | None, answers: dict[str, Any], dry_run: bool) -> Adoption:
    origin = read_origin()
    if address is not None and expand_address(origin["_src_path"]) not in (address, _find_address(address)):
        fix = "when the template has moved, write its new address there and commit"
        raise CreditError(Problem(f"{ANSWERS_FILE}: _src_path", origin["_src_path"], address, fix))
    refuse_renaming(ARTIFACT, answers.get("model_name"))
    here = match_version(origin["_commit"])
    newest = max(list_template_versions(origin["_src_path"]), default=None)
    if here is None or newest is None:
        raise CreditError(Problem(f"{ANSWERS_FILE}: _commit", origin["_commit"], "a version that the template has"))
    target = max(here, newest)
    if target == here and not answers:
        return Adoption(here, None, [], [])
    with clone_here(checkout=True) as project:
        raise_if_any(_describe_conflicts(update_project(project, target, answers), target))
        owners = str(answers.get("owners", "")).split()
        notes = _write_owners(project, owners) if owners else []
        notes += _note_database(answers["database"]) if "database" in answers else []
        changes = list_changes(project)
        message = f"Update the template from {here} to {target}"
        commit = commit_clone(project, message) if changes and not dry_run else None
    return Adoption(target, commit, changes, notes)


def _describe_conflicts(conflicts: Conflicts, target: Version) -> list[Problem]:
    where, problems = f"the template {target}", []
    if conflicts.merged:
        fix = f"copier update --defaults --vcs-ref {target} on a branch shows both between markers"
        problems.append(Problem(where, f"changes lines that you changed too: {', '.join(conflicts.merged)}", fix=fix))
    if conflicts.replaced:
        fix = "git mv each to a name of your own and commit, then run it again"
        found = f"takes away or replaces files that you changed: {', '.join(conflicts.replaced)}"
        problems.append(Problem(where, found, fix=fix))
    return problems


def _find_address(address: str | None) -> str:
    """Find where the template's later versions will come from: as it is said, else the remote `template`."""
    if address is None and TEMPLATE_REMOTE in run_git("remote").split():
        address = run_git("remote", "get-url", TEMPLATE_REMOTE).strip()
    if not address or not address.isprintable():
        fix = "make adopt TEMPLATE=https://…; GitHub says under the project's name what it was generated from"
        raise CreditError(Problem("TEMPLATE", repr(address or ""), "the git address of the template", fix))
    address = expand_address(address)
    parts = urlsplit(address)
    if parts.password or (parts.username and parts.scheme in ("http", "https")):
        raise CreditError(Problem("TEMPLATE", "a name or a secret in the address", "one without, as it goes into git"))
    is_elsewhere = "://" in address or ":" in address.partition("/")[0]  # as git tells host:path from a path
    return address if is_elsewhere else str(Path(address).resolve())
