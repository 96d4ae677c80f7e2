"""Check whether a commit may become a version: every problem at once, and notes for a person besides."""

import logging
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from credit.bundle.manifest import verify_bundle
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.evaluation.gates import QualityGates, judge_quality
from credit.fairness.waivers import Waiver, find_expired, load_waivers
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import Version
from credit.registry.store import open_store
from credit.reports.choice import BetterCandidate, Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics
from release.repository.dvc_outputs import list_dvc_errors, pull_bundle
from release.repository.git import has_origin, resolve_commit, run_git
from release.repository.next_version import propose_next
from release.repository.reports import read_bundle_reports
from release.repository.tags import Registry

PRODUCTION = "prod"


class Readiness(NamedTuple):
    """A commit that was checked. `digest`: of its bundle, None without a valid one; `notes`: worth knowing."""

    commit: str
    digest: str | None
    problems: list[Problem]
    notes: list[str]


class Findings(NamedTuple):
    """The problems that one check found, and the notes: no problem, but worth knowing."""

    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()


def check_readiness(registry: Registry, version: Version) -> Readiness:
    """Check HEAD and the working tree. Asks the DVC remote, which takes seconds."""
    commit = resolve_commit("HEAD")
    checks = (
        _check_working_tree,
        _check_dvc_lock,
        _check_dvc_remote,
        _check_gates,
        _check_incumbent,
        _compare_with_production,
        _check_waivers,
    )
    found = [_collect_findings(check) for check in checks]
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
            if not repo.config["core"].get("remote"):
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


def _check_gates() -> Findings:
    """Check that the champion is eligible, or is the rule that goes forward when no model may.

    A rule that fails equal treatment needs two people who sign for it, as a model does.
    """
    choice = Choice.read(Path(Choice.PATH))
    notes = [_describe_better(one, choice) for one in choice.better if one.candidate != choice.champion]
    if choice.chosen.eligible:
        return Findings(notes=[*_describe_verdict(choice), *notes])
    if choice.champion != HEURISTIC:
        where, fix = f"the champion {choice.champion}", "see reports/report.html; what is live stays live"
        return Findings([Problem(where, f"did not pass: {one}", fix=fix) for one in choice.chosen.against], notes)
    failures = FairnessReport.read(Path(FairnessReport.locate(HEURISTIC))).unsigned_failures
    fix = "a signed exception, a waiver with `second`: waivers/README.md"
    problems = [Problem("the rule", f"fails equal treatment: {one.reason}", "a pass", fix) for one in failures]
    notes += [f"the rule is not eligible: {one}" for one in choice.chosen.against]
    return Findings(problems, [f"no model in this version: it decides by the rule, {choice.why}", *notes])


def _describe_verdict(choice: Choice) -> list[str]:
    """Describe a verdict that lets the champion go forward and is no pass; empty for a pass."""
    name, verdict = choice.champion, choice.chosen.verdict
    if verdict in ("pass", "reported"):
        return []
    watched = len(FairnessReport.read(Path(FairnessReport.locate(name))).obligations)
    more = f"; {watched} of its figures are to be watched live" if watched else ""
    return [f"{name} may go forward, and that is not a pass: its equal treatment is {verdict}{more}"]


def _describe_better(one: BetterCandidate, choice: Choice) -> str:
    told = f"{one.candidate} is better than {choice.incumbent} in {choice.metric} and in the worst-group ratio"
    if choice.candidates[one.candidate].eligible:
        return (
            f"{told} about all people who are judged, and may go forward; by the test rows {choice.champion} is ahead"
        )
    return f"{told}; reports/report.html says what stands against it"


def _check_incumbent() -> Findings:
    """Check that `choose.incumbent` is what decides in prod, so that what goes forward by default is what is there."""
    try:
        store = open_store()
        last = Ledger(store, PRODUCTION).read_newest()
        live = None if last is None else versions.require_version(store, last.version)
    except CreditError:
        return Findings()  # the comparison with production says why the store cannot be read
    incumbent = Choice.read(Path(Choice.PATH)).incumbent
    if live is None and incumbent != HEURISTIC:
        return Findings(notes=[f"choose.incumbent is {incumbent}, but nothing is live in {PRODUCTION}: {HEURISTIC} is"])
    if live is None or live.candidate == incumbent:
        return Findings()
    told = f"choose.incumbent is {incumbent}, but {live.version} in {PRODUCTION} decides by {live.candidate}"
    return Findings(notes=[f"{told}; set it, or else {incumbent} replaces it when no candidate may go forward"])


def _compare_with_production() -> Findings:
    """Check that the champion loses no more against the version live in prod than `choose.gates` allows."""
    try:
        store = open_store()
        last = Ledger(store, PRODUCTION).read_newest()
        if last is None:
            return Findings()
        with versions.fetch_temporarily(store, versions.require_version(store, last.version)) as folder:
            manifest = verify_bundle(folder)
            reports = read_bundle_reports(folder, last.version)
    except CreditError as error:
        return Findings(notes=[f"not compared with the version in {PRODUCTION}: {error.problems[0]}"])
    where = f"{last.version}, which is live in {PRODUCTION}"
    if reports.metrics is None and reports.unread:
        found = f"reports that this code cannot read ({reports.unread[0]})"
        return Findings([Problem(where, found, "figures to compare the champion with")])
    if reports.metrics is None:
        return Findings(notes=[f"not compared with {where}: its bundle has no metrics.json"])
    before = reports.metrics.get(manifest.candidate)
    if before is None:
        return Findings([Problem(where, f"no figures of {manifest.candidate}", "figures to compare the champion with")])
    champion = Choice.read(Path(Choice.PATH)).champion
    params = read_params(QualityGates, "choose.gates")
    only = params.model_copy(update={"lowest_roc_auc": None, "highest_calibration_error": None, "gain_over_rule": None})
    judged = judge_quality(champion, Metrics.read(Path(Metrics.PATH)).candidates, only, before)
    fix = f"{last.version} is live; choose.gates.against_production in params.yaml is the limit"
    against = [finding.reason for finding in judged if not finding.passes]
    return Findings([Problem(f"the champion {champion}", reason, "no larger loss", fix) for reason in against])


def _check_waivers() -> Findings:
    waivers = load_waivers(Path("waivers"))
    return Findings(find_expired(waivers, date.today()), [_describe_waiver(*one) for one in waivers.items()])


def describe_waivers(folder: Path) -> list[str]:
    """Describe each waiver of a folder in a line. Raises CreditError with every problem of every file."""
    return [_describe_waiver(*one) for one in load_waivers(folder).items()]


def _describe_waiver(file: str, one: Waiver) -> str:
    finding = f"{one.candidate}, {one.attribute} {one.group}, {one.measure}"
    return f"waiver {file}: {finding}, by {one.signatures} until {one.until}: {one.why}"


def _check_bundle(commit: str) -> tuple[str | None, Findings]:
    """Load the bundle of a commit and decide its examples; the digest, None when that fails."""
    from credit.bundle.bundle import load_bundle
    from credit.bundle.examples import check_examples

    try:
        with pull_bundle(commit) as folder:
            bundle = load_bundle(folder)
            check_examples(bundle, folder)
    except CreditError as error:
        return None, Findings(error.problems)
    return bundle.manifest.digest, Findings()


def _check_version_inputs(registry: Registry) -> Findings:
    """Check that the files that the next version depends on can be read, in HEAD and in the last version."""
    propose_next(registry)
    return Findings()


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
