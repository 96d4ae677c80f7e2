"""The comparison as a comment on GitHub: the verdict first, then what a reviewer asks next."""

from collections.abc import Mapping
from typing import Any

from release.compare import sections
from release.compare.markdown import escaped, name

MARKER = "<!-- credit-model-comparison -->"
"""The first line, by which the comment is found and updated in place."""

LIMIT = 65_000
"""GitHub takes 65,536 characters."""


def comment(told: Mapping[str, Any]) -> str:
    """The whole comment. What is too long loses its details, and says so."""
    parts = [verdict(told), *_sections(told)]
    text = "\n\n".join(part for part in parts if part)
    if len(text) > LIMIT:
        text = "\n\n".join(part for part in parts if part and not part.startswith("<details>"))
        text = text[:LIMIT] + "\n\n_Cut: `release compare` prints all of it._"
    return f"{MARKER}\n{text}\n"


def verdict(told: Mapping[str, Any]) -> str:
    """What a reviewer has to know, in the first line."""
    base, head = told["base"], told["head"]
    if told["problems"]:
        lines = ["### ❌ Not to be merged", *(f"- {escaped(problem)}" for problem in told["problems"])]
    elif not _anything(told):
        lines = [f"### ✅ Nothing changed, {name(head)} still goes forward"]
    else:
        change = (
            "still goes forward" if base["champion"] == head["champion"] else f"goes forward instead of {name(base)}"
        )
        sign = "✅" if head["passes"] else "⚠️"
        said = f"{name(head)} {change}: {escaped(head['why'])}"
        lines = [f"### {sign} {said[:1].upper()}{said[1:]}"]
    lines += [f"- {escaped(waiver)}" for waiver in told["waivers"]]
    against = f"`{told['base']['commit'][:10]}`" if told["base"]["commit"] else "nothing"
    return "\n".join([*lines, "", f"Compared with {against}, {escaped(base['name'])}."])


def _sections(told: Mapping[str, Any]) -> list[str]:
    if not _anything(told):
        return []
    return [
        sections.candidates(told),
        sections.people(told["people"]),
        sections.fairness(told),
        sections.chart(told),
        sections.metrics(told),
        sections.features(told),
        sections.data(told),
        sections.params(told),
    ]


def _anything(told: Mapping[str, Any]) -> bool:
    data, features = told["data"], told["features"]
    moved = any(row["base"] != row["head"] for row in told["metrics"])
    treated = any(sections.moved(row) for rows in told["fairness"].values() for row in rows)
    other = data["changed"] or data["contract_changed"] or features["added"] or features["dropped"] or told["params"]
    return bool(moved or treated or other or told["people"].get("flipped") or told["problems"])
