"""The sections about equal treatment: a table by group, what fell by more than chance, and a chart."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from release.compare.markdown import NONE, arrow, count, details, escaped, number, signed, table, with_interval


def fairness(told: Mapping[str, Any]) -> str:
    """Each group of the champions, and the groups that moved under another candidate."""
    changes = {(f["attribute"], f["group"]): f for f in told["people"].get("findings", ())}
    shown = _groups(told["fairness"]["champion"], changes)
    text = "**Equal treatment**, by group, of the champions"
    level = told["people"].get("level", 0)
    text += f". The change is that of the same people, with its {level:.0%} interval." if changes else "."
    parts = [f"{text}\n\n{shown}"]
    for candidate, rows in told["fairness"].items():
        others = [row for row in rows if moved(row)]
        if candidate not in ("champion", told["head"]["champion"]) and others:
            parts.append(details(f"{len(others)} groups that moved under {candidate}", _groups(others, {})))
    return "\n\n".join(parts)


def moved(row: Mapping[str, Any]) -> bool:
    """Whether a group is treated otherwise than before."""
    return bool(row["ratio"][0] != row["ratio"][1] or row["verdicts"][0] != row["verdicts"][1])


def dropped(told: Mapping[str, Any]) -> list[str]:
    """A sentence per group whose ratio fell by more than chance and more than the policy lets it fall."""
    return [
        f"{escaped(f['attribute'] + ' ' + f['group'])}: the ratio to the reference falls by more than chance, "
        f"{_change(f, mark=False)}"
        for f in told["people"].get("findings", ())
        if f["blocks"]
    ]


HEADS = (
    "group", "people", "approval rate", "ratio to the reference", "change of the ratio", "worse / better off",
    "verdict",
)  # fmt: skip

BETTER = ("deny_to_refer", "deny_to_approve", "refer_to_approve")
WORSE = ("approve_to_refer", "approve_to_deny", "refer_to_deny")


def _groups(groups: Sequence[Mapping[str, Any]], changes: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """A table of those that moved, and one to open of those that did not."""
    rows: list[list[str]] = []
    calm: list[list[str]] = []
    for row in groups:
        paired = changes.get((row["attribute"], row["group"]), {})
        worse, better = (sum(paired.get("flips", {}).get(flip, 0) for flip in flips) for flips in (WORSE, BETTER))
        flipped = bool(worse or better)
        (rows if flipped or moved(row) else calm).append(_cells(row, paired, f"{worse:,} / {better:,}" * flipped))
    more = details(f"{len(calm)} groups without a change", table(HEADS, calm)) if calm else ""
    shown = table(HEADS, rows) if rows else "No group's decisions, ratio or verdict changed."
    return f"{shown}\n\n{more}" if more else shown


def _cells(row: Mapping[str, Any], paired: Mapping[str, Any], flips: str) -> list[str]:
    return [
        escaped(f"{row['attribute']}: {row['group']}"),
        count(row["people"]),
        arrow([number(rate) for rate in row["selection_rate"]]),
        arrow([with_interval(*pair) for pair in zip(row["ratio"], row["intervals"], strict=True)]),
        _change(paired) if flips else "",
        flips,
        arrow([escaped(verdict or NONE) for verdict in row["verdicts"]]),
    ]


def _change(paired: Mapping[str, Any], mark: bool = True) -> str:
    value, bounds = paired.get("adverse_impact_ratio_change"), paired.get("adverse_impact_ratio_change_interval")
    if value is None:
        return ""
    low, high = bounds or (None, None)
    return f"{value:+.3f} ({signed(low)} to {signed(high)}){' **drop**' if mark and paired.get('blocks') else ''}"


def chart(told: Mapping[str, Any]) -> str:
    """Ratios of the groups, those that moved most first; GitHub draws it. One group alone would be no line."""
    assessed = [row for row in told["fairness"]["champion"] if row["verdicts"][1] != "not assessable"]
    rows = [row for row in assessed if None not in row["ratio"]]
    rows = sorted(rows, key=lambda row: -abs(row["ratio"][1] - row["ratio"][0]))[:6]
    if not any(row["ratio"][0] != row["ratio"][1] for row in rows):
        return ""
    names = ", ".join(f'"{_plain(row)}"' for row in rows)
    top = max(1.2, *(ratio for row in rows for ratio in row["ratio"]))
    bars = [", ".join(f"{row['ratio'][side]:.3f}" for row in rows) for side in (0, 1)]
    lines = [
        "```mermaid",
        "xychart-beta horizontal",  # beside each other, names would overlap
        '  title "Ratio to the reference: bars now, line before"',
        f"  x-axis [{names}]",
        f'  y-axis "ratio" 0 --> {top:.1f}',
        f"  bar [{bars[1]}]",
        f"  line [{bars[0]}]",
        "```",
    ]
    return "\n".join(lines)


def _plain(row: Mapping[str, Any]) -> str:
    """A label that cannot end its quotes or the chart."""
    return re.sub(r"[^\w .:-]", " ", f"{row['attribute']}: {row['group']}", flags=re.ASCII)[:40]
