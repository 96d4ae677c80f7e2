"""Figures beside their intervals, `<name>` and `<name>_interval`, those of a group, and how groups are named.

A group is found under `<attribute>: <group>`, a cell of a pair of attributes under
`<attribute> & <attribute>: <group> & <group>`.
"""

from credit.reports.base import Count, Number, OpenInterval, ReportPart, Share


class Figures(ReportPart):
    """Figures that readers take by name: a table has a row for each of them."""

    @classmethod
    def list_names(cls) -> tuple[str, ...]:
        """List the figures in the order of the report, without their intervals."""
        return tuple(name for name in cls.model_fields if not name.endswith("_interval"))

    def get_value(self, name: str) -> float | None:
        """Get a figure by its name; None where there is none. Raises AttributeError for a name that is no figure."""
        value: float | None = getattr(self, name)
        return value

    def get_interval(self, name: str) -> OpenInterval | None:
        """Get the interval of a figure; None where there is none, as of counts."""
        interval: OpenInterval | None = getattr(self, f"{name}_interval", None)
        return interval


ADVERSE_IMPACT_RATIO = "adverse_impact_ratio"
"""The metric of groups that the headline, the frontier and a comparison are about."""

PAIR_SEPARATOR = " & "
"""Between the two names of a pair, of attributes or of groups."""


GroupLabels = dict[str, dict[str, str]]
"""By attribute and code of a group: what people read in place of the code. Groups without a label are left out."""


def label_group(labels: GroupLabels, attribute: str, group: str) -> str:
    """Name a group, or a cell of a pair of attributes, for people: by its label where it has one."""
    attributes, groups = attribute.split(PAIR_SEPARATOR), group.split(PAIR_SEPARATOR)
    if len(attributes) == 1 or len(attributes) != len(groups):  # a group's own name may have the separator in it
        return labels.get(attribute, {}).get(group, group)
    return PAIR_SEPARATOR.join(labels.get(a, {}).get(g, g) for a, g in zip(attributes, groups, strict=True))


def group_key(attribute: str, group: str) -> str:
    """Name a group as the reports do: `race: Black`."""
    return f"{attribute}: {group}"


def split_group_key(key: str) -> tuple[str, str]:
    """Split what `group_key` made into attribute and group."""
    attribute, _, group = key.partition(": ")
    return attribute, group


def name_group_figure(measure: str, key: str) -> str:
    """Name a figure of a group, by the key of the group: `adverse_impact_ratio:race=Black`."""
    attribute, group = split_group_key(key)
    return f"{measure}:{attribute}={group}"


def label_group_key(labels: GroupLabels, key: str | None) -> str:
    """Name the group of a key as `group_key` does, by its label where it has one."""
    if key is None:
        return "no group"
    attribute, group = split_group_key(key)
    return group_key(attribute, label_group(labels, attribute, group))


class GroupFigures(Figures):
    """The figures of one group, each with its interval; None: undefined, as a rate of nobody.

    A comparison is with the reference group, which has none with itself. A difference is the group's figure less the
    reference's, from -1 to 1, 0 parity. An interval's upper end of None is no bound.
    """

    people: Count
    unscored: Count
    """People without a score; all of them are referred."""
    base_rate: Share | None
    """Favourable outcomes among everybody."""
    base_rate_interval: OpenInterval | None
    selection_rate: Share | None
    """Approved among everybody. A referred person is not approved."""
    selection_rate_interval: OpenInterval | None
    referral_rate: Share | None
    referral_rate_interval: OpenInterval | None
    true_positive_rate: Share | None
    """Approved among those with a favourable outcome."""
    true_positive_rate_interval: OpenInterval | None
    false_positive_rate: Share | None
    """Approved among those with an unfavourable outcome."""
    false_positive_rate_interval: OpenInterval | None
    precision: Share | None
    """Favourable outcomes among the approved."""
    precision_interval: OpenInterval | None
    bad_rate: Share | None
    """1 less precision."""
    bad_rate_interval: OpenInterval | None
    mean_score: Number | None
    """Of the people with a score, on the scale of the scores."""
    mean_score_interval: OpenInterval | None
    calibration: Number | None
    """Mean score less favourable rate: 0 calibrated, above 0 the score flatters the group."""
    calibration_interval: OpenInterval | None
    adverse_impact_ratio: Number | None
    """Selection rate over the reference's: 1 parity, 0 nobody of the group is approved; no upper bound."""
    adverse_impact_ratio_interval: OpenInterval | None
    base_rate_difference: Number | None
    base_rate_difference_interval: OpenInterval | None
    selection_rate_difference: Number | None
    selection_rate_difference_interval: OpenInterval | None
    referral_rate_difference: Number | None
    referral_rate_difference_interval: OpenInterval | None
    true_positive_rate_difference: Number | None
    true_positive_rate_difference_interval: OpenInterval | None
    false_positive_rate_difference: Number | None
    false_positive_rate_difference_interval: OpenInterval | None
    precision_difference: Number | None
    precision_difference_interval: OpenInterval | None
    bad_rate_difference: Number | None
    bad_rate_difference_interval: OpenInterval | None
    equalized_odds_difference: Share | None
    """The larger distance from the reference in true and in false positive rate: 0 parity, 1 the worst."""
    equalized_odds_difference_interval: OpenInterval | None
    standardized_mean_difference: Number | None
    """Mean score less the reference's in pooled standard deviations (Cohen's d): 0 parity, no bound."""
    standardized_mean_difference_interval: OpenInterval | None


FAIRNESS_METRICS = tuple(name for name in GroupFigures.list_names() if name not in ("people", "unscored"))
"""The figures that a policy can limit: `credit.fairness.metrics.METRICS` computes each of them."""
