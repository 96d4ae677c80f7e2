"""The values of a column: the levels of a category, what becomes of others, and which values are better."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from credit.common.invalid_values import make_value_error
from credit.contract.frozen_model import FrozenModel

ColumnType = Literal["boolean", "integer", "number", "category", "text", "date", "timestamp"]
Scalar = bool | int | float | str

UNDISCLOSED = "undisclosed"
"""The group of people whose protected attribute is not known."""

OTHER_GROUP = "other"
"""The group of people whose protected attribute is none of those that the contract lists."""


def _list_pairs(value: Any) -> Any:
    """List the pairs of a mapping: a column must be hashable."""
    return tuple(value.items()) if isinstance(value, dict) else value


class ColumnLevels(FrozenModel):
    """The values that a column may have, named one by one, and the levels of the file that count as one of them.

    `labels` are words for values of a category that are codes. `fold` says by allowed level which others of the file
    count as it, `new_levels` as which allowed level all further ones count, of a protected column also `undisclosed`;
    without it their rows are set aside.
    """

    type: ColumnType
    allowed: tuple[Scalar, ...] | None = None
    labels: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_list_pairs)] = ()
    fold: Annotated[tuple[tuple[str, tuple[str, ...]], ...], BeforeValidator(_list_pairs)] = ()
    new_levels: str | None = None

    def name_value(self, value: Scalar) -> str:
        """Name a value for people: the label beside the code, `married [1]`; the value where it has no label."""
        label = dict(self.labels).get(str(value))
        return f"{label} [{value}]" if label else str(value)

    @property
    def folded(self) -> dict[str, str]:
        """The levels of the file that count as another, each with that one."""
        return {level: into for into, levels in self.fold for level in levels}

    @property
    def has_folds(self) -> bool:
        """Tell whether any level counts as another."""
        return bool(self.fold) or self.new_levels is not None

    def fold_level(self, value: Any) -> Any:
        """Fold a value of the file into the level that it counts as, None for `undisclosed`; None stays None."""
        if not isinstance(value, str) or value in (self.allowed or ()):
            return value
        into = self.folded.get(value, value if self.new_levels is None else self.new_levels)
        return None if into == UNDISCLOSED else into

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        if self.labels and self.type != "category":
            raise make_value_error(f"`labels` on type {self.type}", "`labels` only on a category")
        codes, names = dict(self.labels).keys(), [name for _, name in self.labels]
        if unknown := [code for code in codes if code not in (self.allowed or ())]:
            raise make_value_error(f"labels of {unknown}", f"labels of {list(self.allowed or ())} only")
        if empty := [code for code, name in self.labels if not name.strip()]:
            raise make_value_error(f"no words as the label of {empty}", "the words that people read")
        if len(set(names)) < len(names):
            raise make_value_error(f"a duplicate in the labels {names}", "each label once")
        return self

    @model_validator(mode="after")
    def _check_folds(self) -> Self:
        if self.has_folds and self.type != "category":
            key = "fold" if self.fold else "new_levels"
            raise make_value_error(f"`{key}` on type {self.type}", f"`{key}` only on a category")
        allowed, levels = self.allowed or (), [level for _, levels in self.fold for level in levels]
        for key, into in [*(("fold", into) for into, _ in self.fold), ("new_levels", self.new_levels)]:
            if into is not None and into not in (*allowed, *([UNDISCLOSED] if key == "new_levels" else [])):
                raise make_value_error(f"{key} {into!r}", f"one of {list(allowed)}")
        if known := [level for level in levels if level in allowed]:
            raise make_value_error(f"{known} in both `fold` and `allowed`", "each level once")
        if len(set(levels)) < len(levels):
            raise make_value_error(f"a duplicate in the folded {levels}", "each level once")
        return self


class SideReasons(FrozenModel):
    """The words for an applicant by the side of the typical value that theirs is on."""

    too_low: str | None = None
    too_high: str | None = None


class ColumnDirection(ColumnLevels):
    """What a feature is expected to do to the score, and what an applicant is told when it counts against them.

    `more_is`: whether more of it is better or worse for the applicant, everything else as it is; of a boolean, whether
    `true` is; of a category, whether the later levels of `allowed` are, so that these are in order. None: nobody
    expects either. `about: place`: it says where somebody lives or buys, not what they did, so it may stand in for who
    lives there. `reason`: one text, or one for each side of the typical value that can count against somebody.
    `reason_if_missing` is given when it counts that the value is not known.
    """

    more_is: Literal["better", "worse"] | None = None
    about: Literal["place"] | None = None
    reason: str | SideReasons | None = None
    reason_if_missing: str | None = None
    missing: Literal["allowed", "refused"] = "refused"

    @property
    def direction(self) -> Literal[-1, 0, 1]:
        """The sign of the effect that more of it is expected to have on the score; 0: none is."""
        return 0 if self.more_is is None else 1 if self.more_is == "better" else -1

    @property
    def side_reasons(self) -> SideReasons:
        """The words of each side; of a reason that is one text, none."""
        return self.reason if isinstance(self.reason, SideReasons) else SideReasons()

    @property
    def reason_texts(self) -> tuple[str, ...]:
        """All words of the reason, in the order of the sides."""
        texts = (
            (self.reason,) if isinstance(self.reason, str) else (self.side_reasons.too_low, self.side_reasons.too_high)
        )
        return tuple(filter(None, texts))

    @model_validator(mode="before")
    @classmethod
    def _check_reason(cls, content: Any) -> Any:
        """Refuse what is neither a text nor a mapping of sides; in a union both would complain."""
        reason = content.get("reason") if isinstance(content, dict) else None
        if reason is None or isinstance(reason, str | SideReasons):
            return content
        sides = set(SideReasons.model_fields)
        if not isinstance(reason, dict) or not all(isinstance(text, str) for text in reason.values()):
            raise make_value_error(f"the reason {reason!r}", "a text, or {too_low: a text, too_high: a text}")
        if unknown := sorted(map(str, set(reason) - sides)):
            raise make_value_error(f"{unknown} in `reason`", "too_low and too_high")
        return content

    @model_validator(mode="after")
    def _check_sides(self) -> Self:
        """Check that there are words for the sides that can count against somebody, and for no other."""
        if not isinstance(self.reason, SideReasons):
            return self
        if self.type not in ("integer", "number"):
            raise make_value_error(f"a reason by side on type {self.type}", "one text", "only numbers have sides")
        needed = {"better": ["too_low"], "worse": ["too_high"], None: ["too_low", "too_high"]}[self.more_is]
        given = list(self.reason.model_dump(exclude_none=True))
        if sorted(given) != sorted(needed):
            told = "without `more_is`" if self.more_is is None else f"with `more_is: {self.more_is}`"
            raise make_value_error(f"a reason by side {given} {told}", f"the sides {needed}")
        if self.missing == "allowed" and self.reason_if_missing is None:
            raise make_value_error("a reason by side without `reason_if_missing`", "words for a value that is missing")
        return self
