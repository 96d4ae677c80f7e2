"""Check whether a commit may become a version: every problem at once, and notes for a person besides."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.names import Version
from release.judge.committed import judge_commit
from release.judge.findings import Findings
from release.registration.gates import check_gates, check_incumbent, check_waivers, compare_with_production
from release.registration.shipped_decisions import check_shipped_decisions
from release.repository.dvc_outputs import list_dvc_errors, pull_bundle
from release.repository.git import has_origin, require_committer, resolve_commit, run_git
from release.repository.next_version import describe_left_out, propose_next
from release.repository.tags import Registry


class Readiness(NamedTuple):
    """A commit that was checked. `digest`: of its bundle, None without a valid one; `notes`: worth knowing."""

    commit: str
    digest: str | None
    problems: list[Problem]
    notes: list[str]


def check_readiness(registry: Registry, version: Version) -> Readiness:
    """Check HEAD and the working tree. Asks the DVC remote, which takes seconds."""
    commit = resolve_commit("HEAD")
    checks = (
        _check_identity,
        _check_working_tree,
        _check_dvc_lock,
        _check_dvc_remote,
        check_gates,
        check_incumbent,
        compare_with_production,
        check_waivers,
    )
    found = [_collect_findings(check) for check in checks]
    judged = _collect_findings(lambda: judge_commit(commit, f"commit {commit[:10]}"))
    found += [judged._replace(notes=())]  # `check_gates` has told the verdict already
    digest, bundle = _check_bundle(commit)
    found += [bundle, _collect_findings(lambda: _check_version_inputs(registry))]
    found += [_collect_findings(lambda: _check_version_is_free(registry, version, commit))]
    problems = dict.fromkeys(problem for one in found for problem in one.problems)  # a file that two checks read: once
    return Readiness(commit, digest, list(problems), [note for one in found for note in one.notes])


def _collect_findings(check: Callable[[], Findings]) -> Findings:
    """Run one check; an error that ends it becomes a problem, and the other checks go on."""
    try:
        return check()
    except CreditError as error:
        return Findings(error.problems)


def _check_identity() -> Findings:
    """Check that git knows who registers: a tag and a commit have a name."""
    try:
        require_committer()
    except CreditError as error:
        return Findings(error.problems)
    return Findings()


def _check_working_tree() -> Findings:
    changed = run_git("status", "--porcelain").splitlines()
    if not changed:
        return Findings()
    shown = ", ".join(line[3:] for line in changed[:3]) + (" and more" if len(changed) > 3 else "")
    found = f"{len(changed)} uncommitted changes: {shown}"
    return Findings([Problem("working tree", found, fix="commit them, or git stash -u")])


def _check_dvc_lock() -> Findings:
    stale = _list_stale_stages()
    if not stale:
        return Findings()
    fix = "dvc repro, and commit dvc.lock and reports"
    return Findings([Problem("dvc.lock", f"out of date for {', '.join(stale)}", fix=fix)])


def _list_stale_stages() -> list[str]:
    """List the stages that `dvc repro` would run; works without any data here."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # it tells what it would run
    try:
        with Repo() as repo:
            return [stage.addressing for stage in repo.reproduce(dry=True, allow_missing=True, pull=False)]
    except DvcException as error:
        raise CreditError(Problem("dvc.yaml", " ".join(str(error).split())[:200], fix="dvc status says more")) from None


def _check_dvc_remote() -> Findings:
    from dvc.repo import Repo

    fix = "dvc push"
    try:
        with Repo() as repo:
            name = repo.config["core"].get("remote")
            if name and not repo.config["remote"][name].get("verify"):
                found = "no verify: a replaced object is trained on, and recorded with the hash of the clean one"
                fix = f"dvc remote modify {name} verify true, and commit .dvc/config"
                return Findings([Problem(f"DVC remote {name}", found, "verify = true", fix)])
            if not name:
                fix = "dvc remote add --default storage URL, git commit .dvc/config, dvc push"
                return Findings([Problem("DVC remote", "not set, so others cannot restore this version", fix=fix)])
            missing = repo.data_status(granular=True, not_in_remote=True, remote_refresh=True).get("not_in_remote", [])
    except list_dvc_errors() as error:
        found = " ".join(str(error).split())[:200] or type(error).__name__
        return Findings([Problem("DVC remote", found, fix="may you read it, and is its address right?")])
    if not missing:
        return Findings()
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    if any("/" in path and not Path(path).is_dir() for path in missing):
        fix += "; a folder that lost one file there is only pushed again without its .dir object there"
    return Findings([Problem("DVC remote", f"lacks outputs of this commit: {shown}", fix=fix)])


def _check_bundle(commit: str) -> tuple[str | None, Findings]:
    """Load the bundle of a commit and decide its examples and the judged rows; the digest, None when it is faulty."""
    from credit.bundle.bundle import load_bundle
    from credit.bundle.examples import check_examples

    try:
        with pull_bundle(commit) as folder:
            bundle = load_bundle(folder)
            check_examples(bundle, folder)
            shipped = _collect_findings(lambda: check_shipped_decisions(commit, bundle, folder))
    except CreditError as error:
        return None, Findings(error.problems)
    return bundle.manifest.digest, shipped


def _check_version_inputs(registry: Registry) -> Findings:
    """Check that the files that the next version depends on can be read, in HEAD and in the last version."""
    notes = describe_left_out(registry)
    try:
        propose_next(registry)
    except CreditError as error:
        return Findings(error.problems, notes)
    return Findings(notes=notes)


def _check_version_is_free(registry: Registry, version: Version, commit: str) -> Findings:
    problems = []
    tag = registry.versions.get(version)
    fix = "release register proposes the next one"
    if tag is not None:
        where = f"git tag {version.tag}"
        problems.append(Problem(where, f"taken by {tag.tagger} on {tag.time[:10]}", fix=fix))
    elif version.tag in registry.lightweight:
        problems.append(Problem(f"git tag {version.tag}", "is a lightweight tag", fix=f"git tag -d {version.tag}"))
    elif has_origin() and run_git("ls-remote", "--tags", "origin", f"refs/tags/{version.tag}").strip():
        problems.append(Problem(f"git tag {version.tag}", "taken at origin", fix="git fetch --tags"))
    here = registry.find_version_at(commit)
    if here is not None and here != version:
        problems.append(Problem(f"commit {commit[:10]}", f"is registered as {here} already"))
    return Findings(problems)
