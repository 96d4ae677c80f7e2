"""The stability of the verdict in plain words."""

from collections.abc import Mapping

from credit.common.candidate_definition import format_candidate
from credit.common.formatting import capitalise
from credit.reports.choice import CandidateStability
from credit.reports.figures import GroupLabels, label_group_key


def describe_stability(
    partitions: int,
    champion: str,
    agreement: int,
    least_agreement: float,
    candidates: Mapping[str, CandidateStability],
    labels: GroupLabels,
) -> str:
    """Describe how often the champion is the same, and how far ratios and verdicts move."""
    if partitions == 1:
        return (
            "With one partition into folds nobody knows how the verdict moves; select_in_folds.partitions and .up_to "
            "say how many there are, and up to which size of the table."
        )
    sentences = [
        f"{capitalise(format_candidate(champion))} goes forward in {agreement} of {partitions} partitions into folds."
    ]
    if agreement < least_agreement * partitions:
        others = ", ".join(
            f"{format_candidate(name)} in {one.champion}"
            for name, one in candidates.items()
            if one.champion and name != champion
        )
        sentences.append(f"That is fewer than {least_agreement:.0%}, so the choice is a matter of chance: {others}.")
    sentences += [_describe_candidate(name, one, partitions, labels) for name, one in candidates.items()]
    return " ".join(sentences)


def _describe_candidate(name: str, one: CandidateStability, partitions: int, labels: GroupLabels) -> str:
    ratio = one.worst_group_ratio
    ratios = f"ratio {ratio.lowest:.3f} to {ratio.highest:.3f}" if ratio else "no ratio"
    verdicts = ", ".join(f"{verdict} {times}" for verdict, times in one.verdicts.items())
    blocked = f"blocked in {one.blocked} of {partitions}"
    shipped = f"shipped, it decides {one.shipped.share:.1%} of the test rows otherwise than out of fold"
    shipped += _describe_groups(one, labels)
    return f"{capitalise(format_candidate(name))}: {ratios}, {verdicts}, {blocked}; {shipped}."


def _describe_groups(one: CandidateStability, labels: GroupLabels) -> str:
    """Describe the group with the largest difference, of those of at least 10 people."""
    large = {key: of.share for key, of in one.shipped.groups.items() if of.people >= 10}
    if not large or not one.shipped.share:
        return ""
    key = max(large, key=large.__getitem__)
    return f" ({large[key]:.1%} of {label_group_key(labels, key)})"
