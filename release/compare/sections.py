"""The sections of the comment, each from one part of the comparison; empty where nothing is to be said."""

from collections.abc import Mapping
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
