"""The finding of the search in plain words, and the command that trains a point."""

from collections.abc import Mapping, Sequence
from typing import Any

from credit.alternatives.choice import get_quality
from credit.alternatives.params import FeatureChoice, FindAlternativesParams
from credit.common.candidate_definition import (
    format_candidate,
    label_candidate,
    list_definitions,
    load_definition,
)
from credit.common.formatting import format_setting, spell_out
from credit.reports.alternatives import Confirmation, Mark, Point, SearchedFamily
from credit.reports.figures import GroupLabels, label_group_key
from credit.training.train import TrainParams


def describe_search(
    baseline: Point,
    found: Mapping[Mark, Point],
    confirmed: Sequence[Confirmation],
    searched: Mapping[str, SearchedFamily],
    params: FindAlternativesParams,
    labels: GroupLabels,
) -> str:
    """Describe the outcome: the best candidate, the points beside it, and their figures on other people."""
    metric = params.metric
    figure = spell_out(metric)
    start = (
        f"Of the candidates, scored on people whom they have not seen, {format_candidate(baseline.candidate)} has the "
        f"best {figure}, {_format_figure(baseline.get_value(metric))}"
    )
    if baseline.group is None:
        nobody = baseline.approval_rate == 0
        return f"{start}; {'it approves nobody' if nobody else 'no group is large enough to compare'}."
    start += f", with a worst-group adverse impact ratio of {_format_ratio(baseline, labels)}."
    sentences = [start, describe_budget(searched)]
    fairest, within = found.get("alternative"), found.get("within_limits")
    if fairest is None:
        sentences.append(f"None of these points within {params.tolerated_loss:g} of it treats people more alike.")
    else:
        sentences.append(
            f"Within {params.tolerated_loss:g} of it, {describe_point(fairest)} treats people most alike: "
            f"{_format_ratio(fairest, labels)} at {figure} {_format_figure(fairest.get_value(metric))}"
            f"{_describe_blocked(fairest)}."
        )
    if within is not None:
        loss = get_quality(baseline, metric) - get_quality(within, metric)
        cost = f"a loss of {loss:.3f}" if loss > 0 else f"a gain of {-loss:.3f}"
        let_through = "" if _is_mostly_blocked(within) else " that the gates mostly let through"
        sentences.append(
            f"Of the points within every limit{let_through} {describe_point(within)} has the best {figure}, "
            f"{_format_figure(within.get_value(metric))}, {cost}, at {_format_ratio(within, labels)}"
            f"{_describe_blocked(within)}."
        )
    elif baseline.gated and not all(one.within for one in baseline.gated):
        sentences.append("None of these points is within every limit; that says nothing about models not searched.")
    sentences += [describe_confirmation(one, found, figure) for one in confirmed if one.mark in found]
    return " ".join(sentences)


def describe_sample(people: int, rows: int) -> str:
    """Describe that points were measured on a part of the people, so that their figures are not those of all."""
    return f"Measured on {people:,} of the {rows:,} people, a sample by hash (find_alternatives.people)."


def describe_budget(searched: Mapping[str, SearchedFamily]) -> str:
    """Describe how many points and models were searched."""
    points = sum(family.points for family in searched.values())
    families = ", ".join(f"{family.models} of {label_candidate(name)}" for name, family in searched.items())
    return f"Searched: {points:,} points" + (f", {families}." if families else ".")


def describe_confirmation(confirmed: Confirmation, found: Mapping[Mark, Point], figure: str) -> str:
    """Describe how the choice does on people by whom it was not made."""
    what = "the fairest" if confirmed.mark == "alternative" else "the best within limits"
    cost = f"{abs(confirmed.loss):.3f} {'below' if confirmed.loss > 0 else 'above'} the best candidate"
    ratio = _format_figure(confirmed.adverse_impact_ratio)
    return (
        f"Chosen on one half of the people and measured on the other, both ways, {what} has a ratio of {ratio} at "
        f"{figure} {confirmed.quality:.3f}, {cost} on the same people."
    )


def _is_mostly_blocked(point: Point) -> bool:
    return point.blocked is None or point.blocked >= 0.5


def _describe_blocked(point: Point) -> str:
    """Describe in how many partitions the gates block a point, intervals and all limits considered."""
    return f"; the gates block it in {point.blocked:.0%} of the partitions" if point.blocked else ""


def _format_ratio(point: Point, labels: GroupLabels) -> str:
    return f"{_format_figure(point.adverse_impact_ratio)} ({label_group_key(labels, point.group)})"


def _format_figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def describe_point(point: Point) -> str:
    """Describe a point in words."""
    name = label_candidate(point.candidate)
    if point.approval_share is None:
        return f"{name} as trained"
    settings = ", ".join(f"{key} {format_setting(value)}" for key, value in point.hyperparameters.items())
    return f"{name}{' with ' + settings if settings else ''}, approving {point.approval_share:.1%},".replace(".0%", "%")


def is_trainable(point: Point) -> bool:
    """Tell whether a point is a candidate with settings of params.yaml; a blend or a reweighed model is none."""
    return point.candidate in list_definitions()


def format_command(point: Point, candidates: Sequence[str]) -> str | None:
    """Format the command that trains a point and has it judged; None for one as trained, and for no candidate.

    candidates: those that run today.
    """
    if point.approval_share is None or not is_trainable(point):
        return None
    changes: dict[str, Any] = {}
    if point.candidate not in candidates:
        changes["'train.candidates"] = f"[{','.join([*candidates, point.candidate])}]'"
    changes["train.policy.approval_share"] = point.approval_share
    changes |= {_locate_setting(point.candidate, key): value for key, value in point.hyperparameters.items()}
    return "dvc exp run " + " ".join(f"-S {key}={_format_override(value)}" for key, value in changes.items())


def add_switches(command: str, training: TrainParams) -> str:
    """Add to a command what the point's training needs besides: no search in its place, and leave to read groups."""
    readers = [name for name in list_definitions() if load_definition(name).reads_groups]
    if training.search.enabled:
        command += " -S train.search.enabled=false"
    if not training.read_protected and any(f"train.{name}." in command for name in readers):
        command += " -S train.read_protected=true"
    return command


def _locate_setting(candidate: str, key: str) -> str:
    return f"select_features.{key}" if key in FeatureChoice.model_fields else f"train.{candidate}.{key}"


def _format_override(value: Any) -> str:
    """Format a value as `-S` reads it: None is null in YAML, a word of four letters is a text."""
    return "null" if value is None else str(value)
