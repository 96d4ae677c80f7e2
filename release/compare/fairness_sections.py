"""The sections of the comment about equal treatment: the groups, who is treated worse, and the chart."""

import re
from collections.abc import Mapping, Sequence

from credit.reports.fairness import ChangeFinding
from release.compare.comparison import CHAMPION, Comparison
from release.compare.decisions import DecisionComparison
from release.compare.markdown import (
    NO_VALUE,
    escape,
    format_count,
    format_details,
    format_number_cell,
    format_sides,
    format_signed,
    format_table,
    format_with_interval,
)
from release.compare.results import GroupComparison
from release.compare.sides import Sides


def render_fairness(comparison: Comparison) -> str:
    """Render each group of the champions, and the groups that moved under another candidate."""
    changes = {(one.attribute, one.group): one for one in comparison.findings}
    shown = _render_groups(comparison.fairness[CHAMPION], changes)
    text = "**Equal treatment**, by group, of the champions."
    if changes and isinstance(comparison.people, DecisionComparison):
        text += f" The change is that of the same people, with its {comparison.people.level:.0%} interval."
    parts = [f"{text}\n\n{shown}"]
    for candidate, rows in comparison.fairness.items():
        others = [row for row in rows if row.has_changed]
        if candidate not in (CHAMPION, comparison.head.champion) and others:
            title = f"{len(others)} groups that changed under {candidate}"
            parts.append(format_details(title, _render_groups(others, {})))
    return "\n\n".join(parts)


def list_drops(comparison: Comparison) -> list[str]:
    """List the groups whose ratio left parity by more than chance and by more than the policy allows."""
    words = {(row.attribute, row.group): f"{row.attribute} {row.words}" for row in comparison.fairness[CHAMPION]}
    return [
        f"{escape(words[one.attribute, one.group])}: the ratio to the reference {_name_direction(one)} "
        f"by more than chance, {_format_ratio_change(one)}"
        for one in comparison.findings
        if one.blocks
    ]


def _name_move(finding: ChangeFinding) -> str:
    return "drop" if (finding.adverse_impact_ratio_change or 0) < 0 else "rise"


def _name_direction(finding: ChangeFinding) -> str:
    return "falls" if _name_move(finding) == "drop" else "rises, and the reference is worse off,"


GROUP_HEADS = (
    "group", "people", "approval rate", "ratio to the reference", "change of the ratio", "worse / better off",
    "verdict",
)  # fmt: skip

BETTER = ("deny_to_refer", "deny_to_approve", "refer_to_approve")
WORSE = ("approve_to_refer", "approve_to_deny", "refer_to_deny")


def _render_groups(groups: Sequence[GroupComparison], changes: Mapping[tuple[str, str], ChangeFinding]) -> str:
    """Render a table of the groups that moved, and one to open of those that did not."""
    rows: list[list[str]] = []
    calm: list[list[str]] = []
    for row in groups:
        change = changes.get((row.attribute, row.group))
        worse, better = (sum(change.flips.get(flip, 0) for flip in flips) if change else 0 for flips in (WORSE, BETTER))
        flips = f"{worse:,} / {better:,}" if worse or better else ""
        (rows if flips or row.has_changed else calm).append(_format_group(row, change, flips))
    more = format_details(f"{len(calm)} groups without a change", format_table(GROUP_HEADS, calm)) if calm else ""
    shown = format_table(GROUP_HEADS, rows) if rows else "No group's decisions, ratio or verdict changed."
    return f"{shown}\n\n{more}" if more else shown


def _format_group(row: GroupComparison, change: ChangeFinding | None, flips: str) -> list[str]:
    drop = f" **{_name_move(change)}**" if change and change.blocks else ""
    return [
        escape(f"{row.attribute}: {row.words}"),
        format_count(row.people),
        format_sides(row.selection_rate.map(format_number_cell)),
        format_sides(Sides(*map(format_with_interval, row.ratio, row.intervals))) + _format_seed_band(row),
        f"{_format_ratio_change(change)}{drop}" if change and flips else "",
        flips,
        format_sides(row.verdicts.map(lambda verdict: escape(verdict or NO_VALUE))),
    ]


def _format_seed_band(row: GroupComparison) -> str:
    """Say of a ratio that moved whether the seeds may have moved it."""
    if not row.ratio.has_changed or not row.seed_band:
        return ""
    return f", {'beyond' if row.is_beyond_seeds else 'within'} the seed band ±{row.seed_band:.3f}"


def _format_ratio_change(finding: ChangeFinding) -> str:
    value, bounds = finding.adverse_impact_ratio_change, finding.adverse_impact_ratio_change_interval
    if value is None:
        return ""
    low, high = bounds or (None, None)
    return f"{value:+.3f} ({format_signed(low)} to {format_signed(high)})"


def render_chart(groups: Sequence[GroupComparison]) -> str:
    """Render a chart of the groups' ratios, those that moved most first. One group alone would be no line."""
    known = [row for row in groups if row.verdicts.head != "not assessable" and None not in row.ratio]
    rows = sorted(known, key=lambda row: -abs((row.ratio.head or 0) - (row.ratio.base or 0)))[:6]
    if not any(row.ratio.has_changed for row in rows):
        return ""
    names = ", ".join(f'"{_sanitize_label(row)}"' for row in rows)
    top = max(1.2, *(ratio or 0 for row in rows for ratio in row.ratio))
    line, bars = (", ".join(map(format_number_cell, side)) for side in zip(*(row.ratio for row in rows), strict=True))
    lines = [
        "```mermaid",
        "xychart-beta horizontal",  # beside each other, names would overlap
        '  title "Ratio to the reference: bars now, line before"',
        f"  x-axis [{names}]",
        f'  y-axis "ratio" 0 --> {top:.1f}',
        f"  bar [{bars}]",
        f"  line [{line}]",
        "```",
    ]
    return "\n".join(lines)


def _sanitize_label(row: GroupComparison) -> str:
    """Remove from a label all that could end its quotes or the chart."""
    return re.sub(r"[^\w .:-]", " ", f"{row.attribute}: {row.words}", flags=re.ASCII)[:40]
