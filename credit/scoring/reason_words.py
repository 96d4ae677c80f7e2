"""Reasons in words and in codes: what a person is told, and what a program reads."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract
from credit.contract.completeness import describe_missing_reason, has_words
from credit.contract.frozen_model import FrozenModel
from credit.contract.levels import Scalar
from credit.scoring.reasons import MAX_REASONS, DecidedBy, RankedFeature
from credit.scoring.row_encoder import ApplicationRow, is_missing

ReasonSide = Literal["", "missing", "too_low", "too_high"]
"""Where a value is that counts against somebody; empty of a flag and of a category, which have no sides."""


_MISSING: tuple[ReasonSide, ...] = ("missing",)


class FeatureReason(FrozenModel):
    """One feature: the value typical of approved people, and the reason in words when it counts against somebody.

    `too_low`, `too_high`: in place of `words`, where the contract has words for the sides of the typical value.
    """

    typical: Scalar | None
    words: str
    words_if_missing: str
    too_low: str | None = None
    too_high: str | None = None

    def find_side(self, value: Any) -> ReasonSide:
        """Find on which side of the typical value a value is; whatever is no number has none."""
        if is_missing(value):
            return "missing"
        numbers = (self.typical, value)
        if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
            return ""
        return "too_low" if value < self.typical else "too_high"

    def word_side(self, side: ReasonSide) -> str:
        """Word the reason of a value on this side."""
        texts = {"missing": self.words_if_missing, "too_low": self.too_low, "too_high": self.too_high}
        return texts.get(side) or self.words


class GivenReason(NamedTuple):
    """A reason as a person is given it: its code, which is the contract's whatever the words, and its words."""

    code: str
    words: str


def code_reason(feature: str, side: ReasonSide) -> str:
    """Name a reason for programs: the feature, and the side of its value where there are sides."""
    return f"{feature}.{side}" if side else feature


Reasons = Mapping[str, FeatureReason]
"""The features of one candidate, in the order of its design matrix: the content of reasons.json."""


class CodedTexts(FrozenModel):
    """The words of every reason in one language, by code: the content of reason_texts.<language>.json."""

    model: dict[str, str]
    rule: dict[str, str]


def list_coded_texts(contract: Contract, reasons: Reasons) -> dict[str, str]:
    """List the words of every reason that can be given, by its code."""
    texts = {}
    for name, reason in reasons.items():
        column = contract.columns[name]
        sides: list[ReasonSide] = ["", "too_low", "too_high"] if column.type in ("integer", "number") else [""]
        for side in [*sides, *_MISSING] if column.missing == "allowed" else sides:
            texts[code_reason(name, side)] = reason.word_side(side)
    return texts


def word_reasons(
    contract: Contract, typical: Mapping[str, Scalar | None], file: str, decided_by: DecidedBy = "model"
) -> dict[str, FeatureReason]:
    """Word the reason for each feature from the contract, with its typical value; the rule may have words of its own.

    Raises CreditError for every feature without words and for every column that a model may not see.
    """
    if decided_by == "rule":
        contract = contract.give_rule_its_words()
    problems = []
    for name in typical:
        column = contract.columns[name]
        if name not in contract.features and (decided_by, name) != ("rule", contract.rule_column):
            problems.append(Problem(f"{file}: {name}", f"a column of role {column.role} as a reason", "a feature"))
        elif not has_words(column.reason):
            problems.append(describe_missing_reason(file, name))
    raise_if_any(problems)
    return {name: _word_reason(contract, name, value) for name, value in typical.items()}


def _word_reason(contract: Contract, name: str, typical: Scalar | None) -> FeatureReason:
    column = contract.columns[name]
    words, sides = " / ".join(text.strip() for text in column.reason_texts), column.side_reasons
    return FeatureReason(
        typical=typical,
        words=words,
        words_if_missing=column.reason_if_missing or f"{words} (not known to us)",
        too_low=sides.too_low,
        too_high=sides.too_high,
    )


def word_ranked(
    reasons: Reasons, ranked: Sequence[RankedFeature], row: ApplicationRow, smallest_share: float
) -> tuple[GivenReason, ...]:
    """Word one person's reasons, the weightiest first: at most four, and those after the first with their share.

    The share is of the rises of all that counts against the person, not of the distance to the threshold: far below
    it a single value moves the score little, and those worst off would be told least. Features with the same words
    are said once, by the code of the first, and carry together.
    """
    names = list(reasons)
    carried: dict[str, float] = {}
    codes: dict[str, str] = {}
    for feature, rise in ranked:
        name = names[feature]
        side = reasons[name].find_side(row[name])
        words = reasons[name].word_side(side)
        carried[words] = carried.get(words, 0.0) + rise
        codes.setdefault(words, code_reason(name, side))
    least = smallest_share * sum(carried.values())
    told = [words for place, words in enumerate(carried) if not place or carried[words] >= least]
    return tuple(GivenReason(codes[words], words) for words in told[:MAX_REASONS])
