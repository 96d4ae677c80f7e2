"""The sections of the comment, each from one part of the comparison; empty where nothing is to be said."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from release.compare.markdown import (
    NONE,
    arrow,
    count,
    details,
    escaped,
    interval,
    name,
    number,
    signed,
    table,
    with_interval,
)


def candidates(told: Mapping[str, Any]) -> str:
    """What each candidate comes to, and why some are out."""
    rows = []
    for row in told["candidates"]:
        ratios = [_lowest(ratio) for ratio in row["lowest_ratio"]]
        gates = [NONE if passes is None else "passes" if passes else "out" for passes in row["passes"]]
        verdicts = arrow([one or NONE for one in row["verdict"]])
        name = escaped(row["candidate"])
        bold = f"**{name}**" if row["candidate"] == told["head"]["champion"] else name
        rows.append([bold, arrow(gates), verdicts, arrow(ratios), arrow([number(auc) for auc in row["roc_auc"]])])
    why = [f"- {escaped(name)}: {escaped(one)}" for name, all_ in told["head"]["against"].items() for one in all_]
    more = details("Why who is out", "\n".join(why)) if why else ""
    heads = ["candidate", "gates", "equal treatment", "lowest ratio to a reference", "roc auc"]
    return table(heads, rows, 3) + (f"\n\n{more}" if more else "")


def _lowest(ratio: Mapping[str, Any] | None) -> str:
    return NONE if not ratio else f"{number(ratio['value'])} {escaped(ratio['attribute'] + ' ' + ratio['group'])}"


def people(told: Mapping[str, Any]) -> str:
    """How many decisions flip, and from what to what."""
    if "why_not" in told:
        return f"**Decisions** could not be compared one by one: {escaped(told['why_not'])}"
    total, flipped = told["people"], told["flipped"]
    alone = [(side, told[f"only_in_{side}"]) for side in ("base", "head")]
    left = "".join(f" {count:,} more are in the table of the {side} only." for side, count in alone if count)
    if not flipped:
        return f"**Decisions**: all {total:,} people are decided as before.{left}"
    names = told["decisions"]
    rows = [
        [f"was {name}", *(f"{count:,}" if i != j else f"_{count:,}_" for j, count in enumerate(line))]
        for i, (name, line) in enumerate(zip(names, told["flips"], strict=True))
    ]
    head = f"**Decisions**: {flipped:,} of {total:,} people ({flipped / total:.1%}) are decided otherwise.{left}"
    return f"{head}\n\n" + table(["", *(f"now {name}" for name in names)], rows)


def metrics(told: Mapping[str, Any]) -> str:
    """Quality of what goes forward, then and now, with intervals, so that noise is seen as noise."""
    base, head = told["base"], told["head"]
    who = name(head) if base["champion"] == head["champion"] else f"{name(base)} → {name(head)}"
    shown = f"**Quality** of the champion, {who}, on the test rows\n\n"
    shown += table(HEADS, [_quality(row) for row in told["champion_metrics"]])
    rows = [[escaped(row["candidate"]), *_quality(row)] for row in told["metrics"]]
    return f"{shown}\n\n" + details("Every candidate", table(["candidate", *HEADS], rows, 2))


HEADS = ("", "base", "head", "change", "95% interval of head", "noise?")


def _quality(row: Mapping[str, Any]) -> list[str]:
    judged = bool(row["interval"] and row["change"])
    noise = "" if not judged else "**no, beyond it**" if row["beyond_noise"] else "may be"
    figures = [number(row["base"]), number(row["head"]), signed(row["change"]), interval(row["interval"])]
    return [row["figure"].replace("_", " "), *figures, noise]


def features(told: Mapping[str, Any]) -> str:
    """What came and what went, and why, and what now gives a protected attribute away."""
    changes = told["features"]
    lines = [f"- added {', '.join(map(escaped, changes['added']))}"] if changes["added"] else []
    reasons = dict.fromkeys(changes["dropped"].values())
    for reason in reasons:
        gone = ", ".join(escaped(one) for one, why in changes["dropped"].items() if why == reason)
        lines.append(f"- dropped {gone}: {escaped(reason)}")
    lines += [
        f"- ⚠️ {escaped(one['feature'])} is a new proxy: it guesses {escaped(one['attribute'])} "
        f"with an AUC of {number(one['auc'])}"
        for one in changes["new_proxies"]
    ]
    return "\n".join([f"**Features**: {changes['kept']} kept", *lines]) if lines else ""


def data(told: Mapping[str, Any]) -> str:
    """What the models learned from."""
    changes = told["data"]
    counts = ", ".join(f"{name} {arrow([count(n) for n in pair])}" for name, pair in changes["counts"].items())
    changed = ", ".join(map(escaped, changes["changed"]))
    what = f"changed: {changed}" if changed else "the same data"
    contracts = arrow([escaped(path.rpartition("/")[2]) for path in changes["contract"]])
    contract = f"**the contract changed** ({contracts})" if changes["contract_changed"] else f"contract {contracts}"
    return f"**Data**: {what}; {contract}; {counts}"


def params(told: Mapping[str, Any]) -> str:
    """What was turned."""
    rows = [[escaped(name), escaped(old), escaped(new)] for name, (old, new) in told["params"].items()]
    return f"**Parameters**\n\n{table(['', 'base', 'head'], rows)}" if rows else ""


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


GROUP_HEADS = (
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
    more = details(f"{len(calm)} groups without a change", table(GROUP_HEADS, calm)) if calm else ""
    shown = table(GROUP_HEADS, rows) if rows else "No group's decisions, ratio or verdict changed."
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
