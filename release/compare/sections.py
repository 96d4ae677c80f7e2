"""The sections of the comment, each from one part of the comparison; empty where there is nothing to report."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from credit.reports.fairness import LowestRatio
from release.compare.markdown import (
    NO_VALUE,
    escape,
    format_champion,
    format_count,
    format_details,
    format_interval_cell,
    format_number_cell,
    format_pair,
    format_signed,
    format_table,
    format_with_interval,
)


def render_candidates(comparison: Mapping[str, Any]) -> str:
    """Render the result of each candidate, and why some are out."""
    rows = []
    for row in comparison["candidates"]:
        ratios = [_format_lowest_ratio(ratio) for ratio in row["lowest_ratio"]]
        gates = [NO_VALUE if passes is None else "passed" if passes else "failed" for passes in row["passes"]]
        verdicts = format_pair([one or NO_VALUE for one in row["verdict"]])
        name = escape(row["candidate"])
        bold = f"**{name}**" if row["candidate"] == comparison["head"]["champion"] else name
        rows.append(
            [
                bold,
                format_pair(gates),
                verdicts,
                format_pair(ratios),
                format_pair([format_number_cell(auc) for auc in row["roc_auc"]]),
            ]
        )
    why = [f"- {escape(name)}: {escape(one)}" for name, all_ in comparison["head"]["against"].items() for one in all_]
    more = format_details("Failed gates", "\n".join(why)) if why else ""
    heads = ["candidate", "gates", "fairness", "worst-group ratio", "roc auc"]
    return format_table(heads, rows, 3) + (f"\n\n{more}" if more else "")


def _format_lowest_ratio(ratio: Mapping[str, Any] | None) -> str:
    if not ratio:
        return NO_VALUE
    of = LowestRatio.model_validate(ratio)
    return f"{format_number_cell(of.value)} {escape(f'{of.attribute} {of.group}')}"


def render_decisions(people: Mapping[str, Any]) -> str:
    """Render how many decisions flip, and from which to which."""
    if "why_not" in people:
        return f"**Decisions** could not be compared person by person: {escape(people['why_not'])}"
    total, flipped = people["people"], people["flipped"]
    alone = [(side, people[f"only_in_{side}"]) for side in ("base", "head")]
    left = "".join(f" {count:,} more are only in the table of the {side}." for side, count in alone if count)
    if not flipped:
        return f"**Decisions**: all {total:,} people are decided as before.{left}"
    names = people["decisions"]
    rows = [
        [f"was {name}", *(f"{count:,}" if i != j else f"_{count:,}_" for j, count in enumerate(line))]
        for i, (name, line) in enumerate(zip(names, people["flips"], strict=True))
    ]
    head = f"**Decisions**: {flipped:,} of {total:,} people ({flipped / total:.1%}) are decided differently.{left}"
    return f"{head}\n\n" + format_table(["", *(f"now {name}" for name in names)], rows)


def render_metrics(comparison: Mapping[str, Any]) -> str:
    """Render the quality of the champions of both sides with intervals, so that noise is recognised as noise."""
    base, head = comparison["base"], comparison["head"]
    who = (
        format_champion(head)
        if base["champion"] in (None, head["champion"])
        else f"{format_champion(base)} → {format_champion(head)}"
    )
    shown = f"**Quality** of the champion, {who}, on the test rows\n\n"
    shown += format_table(METRIC_HEADERS, [_format_metric(row) for row in comparison["champion_metrics"]])
    rows = [[escape(row["candidate"]), *_format_metric(row)] for row in comparison["metrics"]]
    return f"{shown}\n\n" + format_details("Every candidate", format_table(["candidate", *METRIC_HEADERS], rows, 2))


METRIC_HEADERS = ("", "base", "head", "change", "95% interval of head", "noise?")


def _format_metric(row: Mapping[str, Any]) -> list[str]:
    judged = bool(row["interval"] and row["change"])
    noise = "" if not judged else "**no, beyond it**" if row["beyond_noise"] else "may be"
    figures = [
        format_number_cell(row["base"]),
        format_number_cell(row["head"]),
        format_signed(row["change"]),
        format_interval_cell(row["interval"]),
    ]
    return [row["figure"].replace("_", " "), *figures, noise]


def render_features(comparison: Mapping[str, Any]) -> str:
    """Render features added and dropped, with reasons, and those that now guess a protected attribute."""
    changes = comparison["features"]
    lines = [f"- added {', '.join(map(escape, changes['added']))}"] if changes["added"] else []
    reasons = dict.fromkeys(changes["dropped"].values())
    for reason in reasons:
        gone = ", ".join(escape(one) for one, why in changes["dropped"].items() if why == reason)
        lines.append(f"- dropped {gone}: {escape(reason)}")
    lines += [
        f"- ⚠️ {escape(one['feature'])} is a new proxy: it predicts {escape(one['attribute'])} "
        f"with an AUC of {format_number_cell(one['auc'])}"
        for one in changes["new_proxies"]
    ]
    return "\n".join([f"**Features**: {changes['kept']} kept", *lines]) if lines else ""


def render_data(comparison: Mapping[str, Any]) -> str:
    """Render the changes of the data that the models learned from."""
    changes = comparison["data"]
    counts = ", ".join(
        f"{name} {format_pair([format_count(n) for n in pair])}" for name, pair in changes["counts"].items()
    )
    changed = ", ".join(map(escape, changes["changed"]))
    what = f"changed: {changed}" if changed else "the same data"
    contracts = format_pair([escape(path.rpartition("/")[2]) for path in changes["contract"]])
    contract = f"**the contract changed** ({contracts})" if changes["contract_changed"] else f"contract {contracts}"
    return f"**Data**: {what}; {contract}; {counts}"


def render_params(comparison: Mapping[str, Any]) -> str:
    """Render the changed parameters."""
    rows = [[escape(name), escape(old), escape(new)] for name, (old, new) in comparison["params"].items()]
    return f"**Parameters**\n\n{format_table(['', 'base', 'head'], rows)}" if rows else ""


def render_fairness(comparison: Mapping[str, Any]) -> str:
    """Render each group of the champions, and the groups that moved under another candidate."""
    changes = {(f["attribute"], f["group"]): f for f in comparison["people"].get("findings", ())}
    shown = _render_groups(comparison["fairness"]["champion"], changes)
    text = "**Equal treatment**, by group, of the champions"
    level = comparison["people"].get("level", 0)
    text += f". The change is that of the same people, with its {level:.0%} interval." if changes else "."
    parts = [f"{text}\n\n{shown}"]
    for candidate, rows in comparison["fairness"].items():
        others = [row for row in rows if has_changed(row)]
        if candidate not in ("champion", comparison["head"]["champion"]) and others:
            parts.append(
                format_details(f"{len(others)} groups that changed under {candidate}", _render_groups(others, {}))
            )
    return "\n\n".join(parts)


def has_changed(row: Mapping[str, Any]) -> bool:
    """Tell whether a group's figures or verdict differ from before."""
    return bool(row["ratio"][0] != row["ratio"][1] or row["verdicts"][0] != row["verdicts"][1])


def list_drops(comparison: Mapping[str, Any]) -> list[str]:
    """List the groups whose ratio fell by more than chance and by more than the policy allows; a sentence each."""
    return [
        f"{escape(f['attribute'] + ' ' + f['group'])}: the ratio to the reference falls by more than chance, "
        f"{_format_ratio_change(f, mark=False)}"
        for f in comparison["people"].get("findings", ())
        if f["blocks"]
    ]


GROUP_HEADS = (
    "group", "people", "approval rate", "ratio to the reference", "change of the ratio", "worse / better off",
    "verdict",
)  # fmt: skip

BETTER = ("deny_to_refer", "deny_to_approve", "refer_to_approve")
WORSE = ("approve_to_refer", "approve_to_deny", "refer_to_deny")


def _render_groups(groups: Sequence[Mapping[str, Any]], changes: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """Render a table of the groups that moved, and one to open of those that did not."""
    rows: list[list[str]] = []
    calm: list[list[str]] = []
    for row in groups:
        paired = changes.get((row["attribute"], row["group"]), {})
        worse, better = (sum(paired.get("flips", {}).get(flip, 0) for flip in flips) for flips in (WORSE, BETTER))
        flipped = bool(worse or better)
        (rows if flipped or has_changed(row) else calm).append(
            _format_group(row, paired, f"{worse:,} / {better:,}" * flipped)
        )
    more = format_details(f"{len(calm)} groups without a change", format_table(GROUP_HEADS, calm)) if calm else ""
    shown = format_table(GROUP_HEADS, rows) if rows else "No group's decisions, ratio or verdict changed."
    return f"{shown}\n\n{more}" if more else shown


def _format_group(row: Mapping[str, Any], paired: Mapping[str, Any], flips: str) -> list[str]:
    return [
        escape(f"{row['attribute']}: {row['group']}"),
        format_count(row["people"]),
        format_pair([format_number_cell(rate) for rate in row["selection_rate"]]),
        format_pair([format_with_interval(*pair) for pair in zip(row["ratio"], row["intervals"], strict=True)]),
        _format_ratio_change(paired) if flips else "",
        flips,
        format_pair([escape(verdict or NO_VALUE) for verdict in row["verdicts"]]),
    ]


def _format_ratio_change(paired: Mapping[str, Any], mark: bool = True) -> str:
    value, bounds = paired.get("adverse_impact_ratio_change"), paired.get("adverse_impact_ratio_change_interval")
    if value is None:
        return ""
    low, high = bounds or (None, None)
    drop = " **drop**" if mark and paired.get("blocks") else ""
    return f"{value:+.3f} ({format_signed(low)} to {format_signed(high)}){drop}"


def render_chart(comparison: Mapping[str, Any]) -> str:
    """Render a chart of the groups' ratios, those that moved most first. One group alone would be no line."""
    assessed = [row for row in comparison["fairness"]["champion"] if row["verdicts"][1] != "not assessable"]
    rows = [row for row in assessed if None not in row["ratio"]]
    rows = sorted(rows, key=lambda row: -abs(row["ratio"][1] - row["ratio"][0]))[:6]
    if not any(row["ratio"][0] != row["ratio"][1] for row in rows):
        return ""
    names = ", ".join(f'"{_sanitize_label(row)}"' for row in rows)
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


def _sanitize_label(row: Mapping[str, Any]) -> str:
    """Remove from a label all that could end its quotes or the chart."""
    return re.sub(r"[^\w .:-]", " ", f"{row['attribute']}: {row['group']}", flags=re.ASCII)[:40]
