"""What a contract needs beyond its structure, so that no stage stops for it after minutes of training."""

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, cast, get_args

from credit.common.errors import Problem
from credit.contract.columns import Column, ColumnRole
from credit.contract.contract import Contract
from credit.contract.levels import SideReasons
from credit.contract.outline.parts import ContractOutline
from credit.contract.rule import RULE_COLUMN, describe_missing_rule
from credit.contract.suggestions import suggest_reason


def find_gaps(outline: ContractOutline) -> list[Problem]:
    """Find what a contract lacks: a rule, a protected column, words for an applicant; all at once.

    Columns and blocks that have faults or open questions count as what they are meant to be.
    """
    file = outline.file
    gaps = []
    if not outline.has_rule and outline.lacks_role("score"):
        gaps.append(describe_missing_rule(file))
    if outline.lacks_role("protected"):
        fix = "a category by which equal treatment is judged; models never see it"
        gaps.append(Problem(f"{file}: columns", "no column of role protected", "at least one", fix))
    seen = [name for name in outline.select_roles("feature", "score") if len(outline.roles[name]) == 1]
    gaps += [
        describe_missing_reason(file, name, _quote_suggestion(name, outline.texts[name]))
        for name in seen
        if not has_words(outline.texts[name].get("reason"))
    ]
    rule, column = outline.contract.rule, outline.contract.rule_column
    needs_own = rule is not None and (rule.reason is not None or (column == RULE_COLUMN and column not in seen))
    if rule is not None and needs_own and not has_words(rule.reason):
        gaps.append(Problem(f"{file}: rule.reason", "no words", "the words for an applicant who does not pass"))
    return gaps


def describe_missing_reason(file: str, name: str, suggestion: str = "") -> Problem:
    """Describe a feature, or a family under `families.<name>`, that lacks the words for an applicant."""
    key = name if name.startswith("families.") else f"columns.{name}"
    fix = f"suggestion: reason: {suggestion}" if suggestion else ""
    return Problem(f"{file}: {key}.reason", "no words", "the words for an applicant against whom it counts", fix)


def _quote_suggestion(name: str, texts: Mapping[str, Any]) -> str:
    """Quote the suggested reason for YAML, with the mark of a question: a person deletes the mark, or the words."""
    described = texts.get("description")
    words = suggest_reason(name.removeprefix("families."), described if isinstance(described, str) else "")
    return json.dumps(f"? {words}", ensure_ascii=False)


def suppose_roles(outline: ContractOutline) -> Contract:
    """Suppose the columns that have faults or open questions to be of the role that they are meant to have."""
    meant = {
        name: Column.model_construct(type="text", role=cast("ColumnRole", roles[0]), description="")
        for name, roles in outline.roles.items()
        if len(roles) == 1 and roles[0] in get_args(ColumnRole) and not name.startswith("families.")
    }
    columns = {**meant, **outline.contract.columns}
    return outline.contract.model_copy(update={"columns": columns, "name": PurePath(outline.file).stem})


def has_words(text: object) -> bool:
    """Tell whether there is a text that says anything, or one for each side, as a reason can have them."""
    if isinstance(text, SideReasons):
        text = text.model_dump(exclude_none=True)
    texts = list(text.values()) if isinstance(text, dict) else [text]
    return bool(texts) and all(isinstance(one, str) and one.strip() for one in texts)
