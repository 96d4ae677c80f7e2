"""What a contract needs beyond its structure, so that no stage stops for it after minutes of training."""

from credit.common.errors import Problem
from credit.contract.loading import ContractOutline
from credit.contract.rule import RULE_COLUMN, describe_missing_rule


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
    gaps += [_describe_missing_reason(file, name) for name in seen if not _has_words(outline.texts[name].get("reason"))]
    rule, column = outline.contract.rule, outline.contract.rule_column
    if rule is not None and column == RULE_COLUMN and not _has_words(rule.reason) and column not in seen:
        gaps.append(Problem(f"{file}: rule.reason", "no words", "the words for an applicant who does not pass"))
    return gaps


def _describe_missing_reason(file: str, name: str) -> Problem:
    key = name if name.startswith("families.") else f"columns.{name}"
    return Problem(f"{file}: {key}.reason", "no words", "the words for an applicant against whom it counts")


def _has_words(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())
