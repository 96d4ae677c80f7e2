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
    if not flipped:
        return f"**Decisions**: all {total:,} people are decided as before."
    names = told["decisions"]
    rows = [
        [f"was {name}", *(f"{count:,}" if i != j else f"_{count:,}_" for j, count in enumerate(line))]
        for i, (name, line) in enumerate(zip(names, told["flips"], strict=True))
    ]
    head = f"**Decisions**: {flipped:,} of {total:,} people ({flipped / total:.1%}) are decided otherwise."
    return f"{head}\n\n" + table(["", *(f"now {name}" for name in names)], rows)


def fairness(told: Mapping[str, Any]) -> str:
    """Each group of the champions, and the groups that moved under another candidate."""
    changes = {(f["attribute"], f["group"]): f for f in told["people"].get("findings", ())}
    shown = _groups(told["fairness"]["champion"], changes)
    text = "**Equal treatment**, by group, of the champions"
    text += ". The change is that of the same people, with its interval." if changes else "."
    parts = [f"{text}\n\n{shown}"]
    for candidate, rows in told["fairness"].items():
        others = [row for row in rows if moved(row)]
        if candidate not in ("champion", told["head"]["champion"]) and others:
            parts.append(details(f"{len(others)} groups that moved under {escaped(candidate)}", _groups(others, {})))
    return "\n\n".join(parts)


def moved(row: Mapping[str, Any]) -> bool:
    """Whether a group is treated otherwise than before."""
    return bool(row["ratio"][0] != row["ratio"][1] or row["verdicts"][0] != row["verdicts"][1])


def _groups(groups: Sequence[Mapping[str, Any]], changes: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """A table of those that moved, and one to open of those that did not."""
    rows: list[list[str]] = []
    calm: list[list[str]] = []
    for row in groups:
        paired = changes.get((row["attribute"], row["group"]), {})
        flips = paired.get("flips", {})
        better = sum(flips.get(name, 0) for name in ("deny_to_refer", "deny_to_approve", "refer_to_approve"))
        worse = sum(flips.get(name, 0) for name in ("approve_to_refer", "approve_to_deny", "refer_to_deny"))
        cells = [
            escaped(f"{row['attribute']}: {row['group']}"),
            "" if row["people"] is None else f"{row['people']:,}",
            arrow([number(rate) for rate in row["selection_rate"]]),
            arrow([with_interval(*pair) for pair in zip(row["ratio"], row["intervals"], strict=True)]),
            _change(paired) if worse or better else "",
            f"{worse:,} / {better:,}" if worse or better else "",
            arrow([verdict or NONE for verdict in row["verdicts"]]),
        ]
        (rows if moved(row) else calm).append(cells)
    heads = [
        "group",
        "people",
        "approval rate",
        "ratio to the reference",
        "change of the ratio",
        "worse / better off",
        "verdict",
    ]
    if not rows:
        return "No group's ratio or verdict changed."
    more = details(f"{len(calm)} groups without a change", table(heads, calm)) if calm else ""
    return table(heads, rows) + (f"\n\n{more}" if more else "")


def _change(paired: Mapping[str, Any]) -> str:
    value, interval = paired.get("adverse_impact_ratio_change"), paired.get("adverse_impact_ratio_change_interval")
    if value is None:
        return ""
    low, high = interval or (None, None)
    mark = " **drop**" if paired.get("blocks") else ""
    return f"{value:+.3f} ({signed(low)} to {signed(high)}){mark}"


def metrics(told: Mapping[str, Any]) -> str:
    """Quality with intervals, so that noise is seen as noise."""
    champion = told["head"]["champion"]
    rows: list[list[str]] = []
    others: list[list[str]] = []
    for row in told["metrics"]:
        known = row["interval"] and row["change"]
        noise = "" if not known else "beyond it" if row["beyond_noise"] else "within"
        cells = [
            row["figure"].replace("_", " "),
            number(row["base"]),
            number(row["head"]),
            signed(row["change"]),
            interval(row["interval"]),
            noise,
        ]
        (rows if row["candidate"] == champion else others).append(
            cells if row["candidate"] == champion else [escaped(row["candidate"]), *cells]
        )
    heads = ["", "base", "head", "change", "95% interval of head", "old value"]
    shown = f"**Quality** of the champion, {name(told['head'])}, on the test rows\n\n{table(heads, rows)}"
    more = details("The other candidates", table(["candidate", *heads], others, 2)) if others else ""
    return f"{shown}\n\n{more}" if more else shown


def chart(told: Mapping[str, Any]) -> str:
    """Ratios of the groups whose ratio moved, most of all first; GitHub draws it."""
    rows = [r for r in told["fairness"]["champion"] if None not in r["ratio"] and r["ratio"][0] != r["ratio"][1]]
    rows = sorted(rows, key=lambda r: -abs(r["ratio"][1] - r["ratio"][0]))[:6]
    if not rows:
        return ""
    names = ", ".join(
        '"' + re.sub(r"[^\w .:-]", " ", f"{r['attribute']}: {r['group']}", flags=re.ASCII) + '"' for r in rows
    )
    top = max(1.2, *(ratio for r in rows for ratio in r["ratio"]))
    bars = [", ".join(f"{r['ratio'][side]:.3f}" for r in rows) for side in (0, 1)]
    lines = [
        "```mermaid",
        "xychart-beta",
        '  title "Ratio to the reference: bars now, line before"',
        f"  x-axis [{names}]",
    ]
    lines += [f'  y-axis "ratio" 0 --> {top:.1f}', f"  bar [{bars[1]}]", f"  line [{bars[0]}]", "```"]
    return "\n".join(lines)


def features(told: Mapping[str, Any]) -> str:
    """What came and what went, and why."""
    changes = told["features"]
    if not changes["added"] and not changes["dropped"]:
        return ""
    lines = [f"**Features**: {changes['kept']} kept"]
    lines += [f"- added {escaped(one)}" for one in changes["added"]]
    lines += [f"- dropped {escaped(one)}: {escaped(why)}" for one, why in changes["dropped"].items()]
    return "\n".join(lines)


def data(told: Mapping[str, Any]) -> str:
    """What the models learned from."""
    changes = told["data"]
    counts = ", ".join(f"{name} {arrow([count(n) for n in pair])}" for name, pair in changes["counts"].items())
    changed = ", ".join(f"`{escaped(path)}`" for path in changes["changed"])
    what = f"changed: {changed}" if changed else "the same data"
    contract = "; **the contract changed**" if changes["contract_changed"] else ""
    return f"**Data**: {what}{contract}; {counts}"


def params(told: Mapping[str, Any]) -> str:
    """What was turned."""
    rows = [[escaped(name), escaped(old), escaped(new)] for name, (old, new) in told["params"].items()]
    return f"**Parameters**\n\n{table(['', 'base', 'head'], rows)}" if rows else ""
