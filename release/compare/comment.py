"""The comparison as a comment on GitHub: the verdict first, then the details in the order a reviewer needs them."""

import re

from release.compare import fairness_sections, sections
from release.compare.comparison import CHAMPION, Comparison
from release.compare.markdown import escape, format_champion

MARKER = "<!-- credit-model-comparison -->"
"""The first line, by which the comment is found and updated in place."""

MAX_CHARACTERS = 65_000
"""GitHub takes 65,536 characters."""


GATE_PARAMS = ("fairness.", "choose.")
"""The parameters that say what passes."""

TRUNCATION_NOTICE = "_Truncated to GitHub's limit; `release compare --json` prints everything._"


def render_comment(comparison: Comparison, reserved: int = 0) -> str:
    """Render the whole comment. If too long, details go first, then the ends of its longest sections; it says so.

    reserved: characters that are put before it.
    """
    most = MAX_CHARACTERS - reserved
    parts = [part for part in [render_verdict(comparison), *_render_sections(comparison)] if part]
    if _count_characters(parts) > most:
        parts = [re.sub(r"<details>.*?</details>", "", part, flags=re.DOTALL).rstrip() for part in parts] + [
            TRUNCATION_NOTICE
        ]
    while (beyond := _count_characters(parts) - most) > 0 and any(parts):
        longest = max(range(len(parts)), key=lambda i: len(parts[i]))
        parts[longest] = parts[longest][:-beyond].rpartition("\n")[0]  # whole lines: half a line may be half an escape
    return f"{MARKER}\n" + "\n\n".join(filter(None, parts)) + "\n"


def _count_characters(parts: list[str]) -> int:
    return sum(len(part) + 2 for part in parts)


def render_verdict(comparison: Comparison) -> str:
    """Render the verdict in the first line, with every problem and warning."""
    base, head = comparison.base, comparison.head
    warnings = _list_warnings(comparison)
    if comparison.problems:
        lines = ["### ❌ Do not merge", *(f"- {escape(problem)}" for problem in comparison.problems)]
    elif not comparison.has_changes:
        lines = [f"### ✅ Nothing changed, {format_champion(head.champion)} still goes forward"]
    else:
        change = "goes forward"
        if base.champion is not None:
            same = base.champion == head.champion
            change = "still goes forward" if same else f"goes forward instead of {format_champion(base.champion)}"
        sign = "✅" if head.eligible and not warnings else "⚠️"
        verdict = f"{format_champion(head.champion)} {change}: {escape(head.why)}"
        lines = [f"### {sign} {verdict[:1].upper()}{verdict[1:]}"]
    lines += [f"- ⚠️ {warning}" for warning in warnings]
    lines += [f"- {escape(waiver)}" for waiver in comparison.waivers]
    against = f"`{base.commit[:10]}`" if base.commit else "nothing"
    return "\n".join([*lines, "", f"Compared with {against}, {escape(base.name)}.{_suggest_blame(comparison)}"])


def _suggest_blame(comparison: Comparison) -> str:
    """Suggest how to find the step, when a figure moved by more than noise."""
    groups = any(row.is_beyond_seeds for row in comparison.fairness[CHAMPION])
    if not groups and not any(row.beyond_noise for row in comparison.champion_metrics):
        return ""
    base, head = (side.commit[:10] if side.commit else "workspace" for side in (comparison.base, comparison.head))
    how = f"`release blame {base} {head}`, or the label `blame` on a pull request"
    return f" Which step moved the figures: {how}."


def _list_warnings(comparison: Comparison) -> list[str]:
    """List warnings for the reviewer: moved limits, reports that were not compared, groups that lost."""
    gates = {key: pair for key, pair in comparison.params.items() if key.startswith(GATE_PARAMS)}
    moved = [f"{escape(key)} {escape(old)} → {escape(new)}" for key, (old, new) in gates.items()]
    return [
        *(f"the gates themselves change: {one}" for one in moved),
        *(f"left out, as this code cannot read it: {escape(one)}" for one in comparison.unread),
        *sections.list_other_people(comparison),
        *fairness_sections.list_drops(comparison),
    ]


def _render_sections(comparison: Comparison) -> list[str]:
    if not comparison.has_changes:
        return []
    return [
        sections.render_candidates(comparison),
        sections.render_decisions(comparison.people),
        fairness_sections.render_fairness(comparison),
        fairness_sections.render_chart(comparison.fairness[CHAMPION]),
        sections.render_metrics(comparison),
        sections.render_features(comparison.features),
        sections.render_data(comparison.data),
        sections.render_params(comparison.params),
    ]
