"""The levels of a category: those that are allowed, and what becomes of others."""

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
