"""The comparison as a comment on GitHub: the verdict first, then what a reviewer asks next."""

import re
from collections.abc import Mapping
from typing import Any

from release.compare import sections
from release.compare import sections as groups
from release.compare.markdown import escape, format_champion

MARKER = "<!-- credit-model-comparison -->"
"""The first line, by which the comment is found and updated in place."""

MAX_CHARACTERS = 65_000
"""GitHub takes 65,536 characters."""


GATE_PARAMS = ("fairness.", "choose.")
"""The parameters that say what passes."""

TRUNCATION_NOTICE = "_Truncated to GitHub's limit; `release compare --json` prints everything._"


def render_comment(told: Mapping[str, Any]) -> str:
    """The whole comment. What is too long loses its details, then the ends of its longest sections, and says so."""
    parts = [part for part in [render_verdict(told), *_render_sections(told)] if part]
    if _count_characters(parts) > MAX_CHARACTERS:
        parts = [re.sub(r"<details>.*?</details>", "", part, flags=re.DOTALL).rstrip() for part in parts] + [
            TRUNCATION_NOTICE
        ]
    while (beyond := _count_characters(parts) - MAX_CHARACTERS) > 0:
        longest = max(range(len(parts)), key=lambda i: len(parts[i]))
        parts[longest] = parts[longest][:-beyond].rpartition("\n")[0]  # whole lines: half a line may be half an escape
    return f"{MARKER}\n" + "\n\n".join(filter(None, parts)) + "\n"


def _count_characters(parts: list[str]) -> int:
    return sum(len(part) + 2 for part in parts)


def render_verdict(told: Mapping[str, Any]) -> str:
    """What a reviewer has to know, in the first line."""
    base, head = told["base"], told["head"]
    if told["problems"]:
        lines = ["### ❌ Do not merge", *(f"- {escape(problem)}" for problem in told["problems"])]
    elif not _has_changes(told):
        lines = [f"### ✅ Nothing changed, {format_champion(head)} still goes forward"]
    else:
        change = "goes forward"
        if base["champion"] is not None:
            same = base["champion"] == head["champion"]
            change = "still goes forward" if same else f"goes forward instead of {format_champion(base)}"
        sign = "✅" if head["passes"] and not _list_warnings(told) else "⚠️"
        said = f"{format_champion(head)} {change}: {escape(head['why'])}"
        lines = [f"### {sign} {said[:1].upper()}{said[1:]}"]
    lines += [f"- ⚠️ {warning}" for warning in _list_warnings(told)]
    lines += [f"- {escape(waiver)}" for waiver in told["waivers"]]
    against = f"`{told['base']['commit'][:10]}`" if told["base"]["commit"] else "nothing"
    return "\n".join([*lines, "", f"Compared with {against}, {escape(base['name'])}."])


def _list_warnings(told: Mapping[str, Any]) -> list[str]:
    """What passes and yet needs a reviewer: moved limits, reports that were not compared, groups that lost by it."""
    gates = {key: pair for key, pair in told["params"].items() if key.startswith(GATE_PARAMS)}
    moved = [f"{escape(key)} {escape(old)} → {escape(new)}" for key, (old, new) in gates.items()]
    return [
        *(f"the gates themselves change: {one}" for one in moved),
        *(f"left out, as this code cannot read it: {escape(one)}" for one in told["unread"]),
        *groups.list_drops(told),
    ]


def _render_sections(told: Mapping[str, Any]) -> list[str]:
    if not _has_changes(told):
        return []
    return [
        sections.render_candidates(told),
        sections.render_decisions(told["people"]),
        groups.render_fairness(told),
        groups.render_chart(told),
        sections.render_metrics(told),
        sections.render_features(told),
        sections.render_data(told),
        sections.render_params(told),
    ]


def _has_changes(told: Mapping[str, Any]) -> bool:
    """Whether there is more to say than that nothing changed."""
    base, head, data, features = told["base"], told["head"], told["data"], told["features"]
    chosen = any(base[key] != head[key] for key in ("champion", "why", "passes", "verdict", "against"))
    measured = any(row["base"] != row["head"] for row in told["metrics"])
    treated = any(groups.has_changed(row) for rows in told["fairness"].values() for row in rows)
    decided = told["people"].get("flipped") or told["people"].get("only_in_base") or told["people"].get("only_in_head")
    other = any(features[key] for key in ("added", "dropped", "new_proxies")) or told["params"]
    counted = any(before != after for before, after in data["counts"].values())
    fed = data["changed"] or data["contract_changed"] or counted
    return bool(chosen or measured or treated or decided or other or fed or told["problems"])
