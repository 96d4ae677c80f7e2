"""May a commit become a version? Every problem at once, and what a person should know besides."""

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from credit.bundle.manifest import verify_bundle
from credit.common.errors import CreditError, Problem
from credit.common.files import read_json
from credit.common.params import read_params
from credit.evaluation.gates import QualityGates, judge_quality
from credit.fairness.waivers import find_expired, load_waivers
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import Version
from credit.registry.store import open_store
from release.repository.dvc_outputs import list_dvc_errors, pull_bundle
from release.repository.git import has_origin, resolve_commit, run_git
from release.repository.tags import Registry

HEURISTIC, PRODUCTION = "heuristic", "prod"
CHOICE_REPORT = Path("reports/choice.json")


class Readiness(NamedTuple):
    """What was found out about a commit. `notes`: no problem, but worth knowing."""

    commit: str
    digest: str
    problems: list[Problem]
    notes: list[str]


class ChampionChoice(NamedTuple):
    """What the stage `choose` decided, and what the gates have against it."""

    champion: str
    passes: bool
    against: list[str]
    why: str


def check_readiness(registry: Registry, version: Version) -> Readiness:
    """Check HEAD and the working tree. Looks into the DVC remote, which takes seconds."""
    commit = resolve_commit("HEAD")
    digest: list[str] = []
    notes: list[str] = []
    found: list[Problem] = []
    looks: list[Callable[[], list[Problem]]] = [
        _check_working_tree,
        _check_dvc_lock,
        _check_dvc_remote,
        lambda: _check_gates(notes),
        lambda: _compare_with_production(notes),
        lambda: find_expired(load_waivers(Path("waivers")), date.today()),
        lambda: _check_bundle(commit, digest),
        lambda: _check_version_is_free(registry, version, commit),
    ]
    for look in looks:
        try:
            found += look()
        except CreditError as error:
            found += error.problems
    notes += describe_waivers(Path("waivers"))
    return Readiness(commit, "".join(digest), found, notes)


def _check_working_tree() -> list[Problem]:
    changed = run_git("status", "--porcelain").splitlines()
    if not changed:
        return []
    shown = ", ".join(line[3:] for line in changed[:3]) + (" and more" if len(changed) > 3 else "")
    return [Problem("working tree", f"{len(changed)} changed files: {shown}", "none", "commit them, or git stash -u")]


def _check_dvc_lock() -> list[Problem]:
    stale = _list_stale_stages()
    if not stale:
        return []
    mend = "dvc repro, and commit dvc.lock and reports"
    return [Problem("dvc.lock", f"other inputs of {', '.join(stale)}", "those of the stages that ran", mend)]


def _list_stale_stages() -> list[str]:
    """The stages that `dvc repro` would run; works without any data here."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # it tells what it would run
    try:
        with Repo() as repo:
            return [stage.addressing for stage in repo.reproduce(dry=True, allow_missing=True, pull=False)]
    except DvcException as error:
        raise CreditError(
            Problem("dvc.yaml", " ".join(str(error).split())[:200], "a pipeline that DVC reads")
        ) from None


def _check_dvc_remote() -> list[Problem]:
    from dvc.repo import Repo

    mend = "dvc push"
    try:
        with Repo() as repo:
            if not repo.config["core"].get("remote"):
                mend = "dvc remote add --default storage URL, git commit .dvc/config, dvc push"
                return [Problem("DVC remote", "none", "one, so that others can restore this version", mend)]
            missing = repo.data_status(granular=True, not_in_remote=True, remote_refresh=True).get("not_in_remote", [])
    except list_dvc_errors() as error:
        found = " ".join(str(error).split())[:200] or type(error).__name__
        return [Problem("DVC remote", found, "an answer", "may you read it, and is its address right?")]
    if not missing:
        return []
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    if any("/" in path and not Path(path).is_dir() for path in missing):
        mend += "; a folder that lost one file there is only pushed again without its .dir object there"
    return [Problem("DVC remote", f"not there: {shown}", "every output of this commit", mend)]


def _check_gates(notes: list[str]) -> list[Problem]:
    """The champion passed, or is the rule that goes forward when nobody does."""
    chosen = _read_choice()
    if chosen.passes:
        return []
    if chosen.champion == HEURISTIC:
        notes.append(f"no model in this version: {chosen.why}, so it decides by the rule")
        return []
    where, mend = f"the champion {chosen.champion}", "see reports/report.html"
    return [Problem(where, one, "a pass", mend) for one in chosen.against]


def _read_choice() -> ChampionChoice:
    content = read_json(CHOICE_REPORT)
    try:
        champion = str(content["champion"])
        told = content["candidates"][champion]
        return ChampionChoice(
            champion, told["passes"] is True, [str(one) for one in told["against"]], str(content["why"])
        )
    except (KeyError, TypeError, IndexError):
        mend = "dvc repro writes it, git checkout brings it back"
        raise CreditError(
            Problem(str(CHOICE_REPORT), "no champion with its verdict", "what the stage choose writes", mend)
        ) from None


def _compare_with_production(notes: list[str]) -> list[Problem]:
    """The largest loss against the version that is live in prod, where one is known; `choose.gates` says how large."""
    try:
        store = open_store()
        last = Ledger(store, PRODUCTION).read_newest()
        if last is None:
            return []
        with versions.fetch_temporarily(store, versions.require_version(store, last.version)) as folder:
            manifest = verify_bundle(folder)
            before = read_json(folder / "metrics.json").get(manifest.candidate, {})
    except CreditError as error:
        notes.append(f"not compared with the version in {PRODUCTION}: {error.problems[0]}")
        return []
    champion = _read_choice().champion
    params = read_params(QualityGates, "choose.gates")
    only = params.model_copy(update={"lowest_roc_auc": None, "highest_calibration_error": None, "gain_over_rule": None})
    judged = judge_quality(champion, read_json(Path("reports/metrics.json")), only, before)
    mend = f"{last.version} is live; choose.gates.against_production in params.yaml is the limit"
    against = [finding.reason for finding in judged if not finding.passes]
    return [Problem(f"the champion {champion}", reason, "no larger loss", mend) for reason in against]


def describe_waivers(folder: Path) -> list[str]:
    """A line per waiver."""
    return [
        f"waiver {file}: {one.candidate}, {one.attribute} {one.group}, {one.measure}, "
        f"by {one.who} until {one.until}: {one.why}"
        for file, one in load_waivers(folder).items()
    ]


def _check_bundle(commit: str, digest: list[str]) -> list[Problem]:
    from credit.bundle import load_bundle
    from credit.bundle.examples import check_examples

    with pull_bundle(commit) as folder:
        bundle = load_bundle(folder)
        check_examples(bundle, folder)
        digest.append(bundle.manifest.digest)
    return []


def _check_version_is_free(registry: Registry, version: Version, commit: str) -> list[Problem]:
    problems = []
    tag = registry.versions.get(version)
    mend = "release register proposes the next one"
    if tag is not None:
        where = f"git tag {version.tag}"
        problems.append(Problem(where, f"taken, by {tag.tagger} on {tag.time[:10]}", "a new version", mend))
    elif version.tag in registry.lightweight:
        problems.append(Problem(f"git tag {version.tag}", "a lightweight tag", "none", f"git tag -d {version.tag}"))
    elif has_origin() and run_git("ls-remote", "--tags", "origin", f"refs/tags/{version.tag}").strip():
        problems.append(Problem(f"git tag {version.tag}", "taken, at origin", "a new version", "git fetch --tags"))
    here = registry.find_version_at(commit)
    if here is not None and here != version:
        problems.append(
            Problem(f"commit {commit[:10]}", f"version {here}", "no version yet", "it is registered already")
        )
    return problems
