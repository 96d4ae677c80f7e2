"""The judgement of a change: what it does to the judge, then the verdict of the base's judge, and its own beside."""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from credit.common.errors import CreditError
from credit.reports.base import Count, Flag, Report, ReportPart
from credit.reports.choice import Choice
from credit.reports.fairness import Verdict
from credit.reports.predictions import PredictionsReport
from release.compare.comparison import Comparison, compare_revisions
from release.compare.sides import Sides
from release.judge import trial
from release.judge.changes import ChangedFiles, JudgeChange, find_judge_changes, list_changed_files
from release.judge.forbidden import find_forbidden
from release.judge.partitions import count_champions
from release.judge.people import Departure, check_people, find_departures
from release.repository.revision import Revision


class CandidateVerdicts(ReportPart):
    """A candidate under both judges; None: that judge does not know it."""

    candidate: str
    verdict: Sides[Verdict | None]
    """By the judge of the base, about predictions made anew, and by the change's own, about what it committed."""
    eligible: Sides[bool | None]


class Judgement(Report):
    """A change, judged by what it may not have changed."""

    base: str
    head: str
    problems: tuple[str, ...]
    """Each forbids the merge."""
    changes: tuple[JudgeChange, ...]
    training_code: tuple[str, ...]
    """Files whose code made the predictions."""
    departures: tuple[Departure, ...]
    lost_too_many: Flag
    """Whether a group lost more than the share of rows that may be set aside."""
    champion: Sides[str | None]
    """By the judge of the base, and by the change's own."""
    verdicts: tuple[CandidateVerdicts, ...]
    champions: dict[str, Count]
    """By candidate, in how many partitions into folds it goes forward by the judge of the base; empty where there are
    no folds."""
    comparison: Comparison | None
    """With the base, by the base's judge; None where the pipeline failed."""

    @property
    def passes(self) -> bool:
        """Tell whether the judge of the base ran, and lets the change pass."""
        return self.comparison is not None and not self.problems

    @property
    def touches_judge(self) -> bool:
        """Tell whether somebody who answers for the judge has to look."""
        return bool(self.changes) or self.lost_too_many


def pull_data(revisions: Sides[Revision], folder: Path) -> None:
    """Pull the raw data of the change into DVC's cache, in a new folder. Runs nothing of the change."""
    trial.assemble_trial(folder, revisions, list_changed_files(revisions), with_code=False)
    trial.pull_raw_data(folder, revisions.head.dataset)


def run_change(revisions: Sides[Revision], folder: Path, results: Path) -> None:
    """Run the stages that make predictions, with the code of the change, in a new folder; write their results.

    Raises CreditError when the change's data or code do not run under the base's stages.
    """
    trial.assemble_trial(folder, revisions, list_changed_files(revisions), with_code=True)
    dataset = revisions.head.dataset
    trial.pull_raw_data(folder, dataset)
    stages = [*trial.list_data_stages(folder, dataset), *trial.RUN_STAGES]
    trial.run_stages(folder, stages, "the pipeline, with the change")
    trial.copy_results(folder, results)


def judge_change(revisions: Sides[Revision], ran: Path, folder: Path) -> Judgement:
    """Judge what `run_change` left in `ran` by the code, limits and people of the base, in a new folder."""
    files = list_changed_files(revisions)
    changes = find_judge_changes(revisions, files)
    forbidden = find_forbidden(revisions, files)
    try:
        comparison = _judge_results(revisions, files, ran, folder)
        champions = count_champions(folder)
    except CreditError as error:
        failed = [*forbidden, *map(str, error.problems)]
        return _conclude(revisions, files, changes, failed, [], None)
    judgement = _conclude(revisions, files, changes, forbidden, find_departures(revisions, folder), comparison)
    return judgement.model_copy(update={"champions": champions})


def describe_failure(revisions: Sides[Revision], error: CreditError) -> Judgement:
    """Describe a change whose pipeline does not run: it must not be merged, and what it changes is said as well."""
    files = list_changed_files(revisions)
    problems = [*find_forbidden(revisions, files), *map(str, error.problems)]
    return _conclude(revisions, files, find_judge_changes(revisions, files), problems, [], None)


def _judge_results(revisions: Sides[Revision], files: ChangedFiles, ran: Path, folder: Path) -> Comparison:
    trial.assemble_trial(folder, revisions, files, with_code=False)
    dataset = revisions.head.dataset
    trial.pull_raw_data(folder, dataset)
    trial.copy_results(ran, folder)
    trial.run_stages(folder, [*trial.list_data_stages(folder, dataset), "select_in_folds"], "the data of the change")
    check_people(folder, PredictionsReport.read(ran / PredictionsReport.PATH))
    trial.run_stages(folder, list(trial.JUDGE_STAGES), "the judge of the base")
    with chdir(folder):
        return compare_revisions(revisions.base, Revision(revisions.head.name, None))


def _conclude(
    revisions: Sides[Revision],
    files: ChangedFiles,
    changes: list[JudgeChange],
    problems: list[str],
    departures: list[Departure],
    comparison: Comparison | None,
) -> Judgement:
    claimed = _read_claim(revisions.head)
    own = claimed.champion if claimed else None
    champion = Sides(comparison.head.champion if comparison else None, own)
    limit = revisions.base.params["validate"]["max_quarantined"]
    return Judgement(
        base=str(revisions.base.commit),
        head=str(revisions.head.commit),
        problems=(*problems, *(_find_problems(comparison, champion) if comparison else ())),
        changes=tuple(changes),
        training_code=tuple(files.training_code),
        departures=tuple(departures),
        lost_too_many=any(one.share > limit for one in departures),
        champion=champion,
        verdicts=tuple(_compare_verdicts(comparison, claimed)),
        champions={},
        comparison=comparison,
    )


def _read_claim(head: Revision) -> Choice | None:
    """Read what the change says that its own judge chose; a text that this code cannot read says nothing."""
    try:
        return Choice.read_at(head, Choice.PATH)
    except CreditError:
        return None


def _find_problems(comparison: Comparison, champion: Sides[str | None]) -> Iterator[str]:
    """Find what forbids the merge: problems of the comparison, drops, a champion of its own judge only."""
    yield from comparison.problems
    yield from (f"against the base: {one.reason}" for one in comparison.findings if one.blocks)
    if champion.head is None:
        yield "the change commits no reports/choice.json that can be read; run dvc repro and commit reports"
    elif champion.has_changed:
        against = comparison.head.against.get(champion.head)
        why = "; ".join(against) if against else f"{champion.base} goes forward by it"
        yield f"by its own judge {champion.head} would go forward, and not by that of the base: {why}"


def _compare_verdicts(comparison: Comparison | None, claimed: Choice | None) -> Iterator[CandidateVerdicts]:
    own = claimed.candidates if claimed else {}
    judged = {one.candidate: one for one in comparison.candidates} if comparison else {}
    for name in dict.fromkeys([*judged, *own]):
        base, head = judged.get(name), own.get(name)
        yield CandidateVerdicts(
            candidate=name,
            verdict=Sides(base.verdict.head if base else None, head.verdict if head else None),
            eligible=Sides(base.eligible.head if base else None, head.eligible if head else None),
        )
