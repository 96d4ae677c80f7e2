"""Check what the gates say of a commit: its champion, the incumbent, the version in production, and the waivers."""

from datetime import date
from pathlib import Path

from credit.bundle.manifest import verify_bundle
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.evaluation.gates import QualityGates, judge_quality
from credit.fairness.policies import Fairness
from credit.fairness.waivers import find_expired, find_overlong, load_waivers
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from credit.registry.store import MissingStoreError
from credit.reports.choice import BetterCandidate, Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics
from release.judge.findings import Findings
from release.repository.reports import read_bundle_reports
from release.repository.waivers import describe_waiver

PRODUCTION = "prod"


def check_gates() -> Findings:
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
    found = [f"fails equal treatment: {one.reason.rstrip('.')}" for one in failures]
    problems = [Problem("the rule", one, "a pass", fix) for one in found]
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


def check_incumbent() -> Findings:
    """Check that `choose.incumbent` is what decides in prod, so that what goes forward by default is what is there."""
    try:
        store = open_store()
        last = Ledger(store, PRODUCTION).read_newest()
        live = None if last is None else versions.require_version(store, last.version)
    except MissingStoreError:
        live = None  # as before the first version
    except CreditError:
        return Findings()  # the comparison with production says why the store cannot be read
    incumbent = Choice.read(Path(Choice.PATH)).incumbent
    if live is None and incumbent != HEURISTIC:
        return Findings(notes=[f"choose.incumbent is {incumbent}, but nothing is live in {PRODUCTION}: {HEURISTIC} is"])
    if live is None or live.candidate == incumbent:
        return Findings()
    told = f"choose.incumbent is {incumbent}, but {live.version} in {PRODUCTION} decides by {live.candidate}"
    return Findings(notes=[f"{told}; set it, or else {incumbent} replaces it when no candidate may go forward"])


def compare_with_production() -> Findings:
    """Check that the champion loses no more against the version live in prod than `choose.gates` allows."""
    try:
        store = open_store()
        last = Ledger(store, PRODUCTION).read_newest()
        if last is None:
            return Findings(notes=[f"nothing is live in {PRODUCTION} to compare the champion with"])
        with versions.fetch_temporarily(store, versions.require_version(store, last.version)) as folder:
            manifest = verify_bundle(folder)
            reports = read_bundle_reports(folder, last.version)
    except MissingStoreError as error:  # as before the first version
        return Findings(notes=[f"nothing is live in {PRODUCTION} to compare the champion with: {error.problems[0]}"])
    except CreditError as error:  # a comparison that nobody made is not one that was passed
        fix = f"until it answers, nothing says how the champion does against {PRODUCTION}"
        return Findings([one._replace(fix=f"{one.fix}; {fix}" if one.fix else fix) for one in error.problems])
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


def check_waivers() -> Findings:
    """Check that no waiver has expired or lasts for longer than one may; note each of them."""
    waivers, today = load_waivers(Path("waivers")), date.today()
    longest = read_params(Fairness, "fairness").waivers.longest
    problems = [*find_expired(waivers, today), *find_overlong(waivers, today, longest)]
    return Findings(problems, [describe_waiver(*one) for one in waivers.items()])
