"""What judges of a contract: columns by their role, limits, and what a person vouches for; the rest is the change's."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from credit.contract.sql_names import extract_sql_names
from release.judge.scope import copy_key

JUDGE_ROLES = ("protected", "label", "id", "group", "time")
"""The roles whose columns are those of the base, whatever a change makes of them."""

LIMIT_FIELDS = ("type", "allowed", "range", "missing", "missing_codes", "fold", "new_levels", "format")
"""The fields of any column that decide who is set aside, or counts as somebody else."""

VOUCHED_FIELDS = ("known_at_decision", "more_is", "about")
"""What a person vouches for about a column that a model sees: that it is no leak, which values are better, that it is
about a place. Gates rely on it."""

ADDED_GATES = ("more_is", "about")
"""Those that only add a gate where the base says nothing, so that the change's own are in use."""


class ContractChange(NamedTuple):
    """A field of the contract that judges, in words; `is_used`: whether the change's value is the one in use."""

    where: str
    base: Any
    head: Any
    is_used: bool


def merge_contract(base: Mapping[str, Any], head: Mapping[str, Any]) -> tuple[dict[str, Any], list[ContractChange]]:
    """Take the contract of the change, with what judges as the base has it; also list what was changed of that."""
    before, after = _read_parts(base, "columns"), _read_parts(head, "columns")
    families, changes = _merge_families(base, head)
    judges = _list_judging_columns(before)
    columns: dict[str, Any] = {}
    for name, column in after.items():
        was = before.get(name) or _find_family(_read_parts(base, "families"), name)
        columns[name], found = _merge_column(name, was, column, name in judges)
        changes += found
    for name, column in before.items():
        if name not in after and (name in judges or _find_family(families, name)):
            columns[name] = dict(column)
            changes.append(ContractChange(f"columns.{name}", _describe(column), None, False))
    merged = {**head, "columns": {name: columns[name] for name in [*before, *after] if name in columns}}
    if families:
        merged["families"] = families
    if base.get("format") != head.get("format"):
        changes.append(ContractChange("format", base.get("format"), head.get("format"), False))
        copy_key(merged, base, "format")
    if base.get("rule") != head.get("rule"):
        changes.append(ContractChange("rule", base.get("rule"), head.get("rule"), True))
    return merged, changes


def _list_judging_columns(columns: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """List the columns that judge: by their role, and those that the expression of such a one reads."""
    judging = {name: column for name, column in columns.items() if column.get("role") in JUDGE_ROLES}
    read = {one for column in judging.values() for one in extract_sql_names(str(column.get("sql") or ""))}
    return {name for name in columns if name in judging or name.casefold() in read}


def _merge_families(
    base: Mapping[str, Any], head: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], list[ContractChange]]:
    """Merge families: those of the base with its limits, also where the change has none of them any more."""
    before, after = _read_parts(base, "families"), _read_parts(head, "families")
    merged, changes = {}, []
    for name in dict.fromkeys([*before, *after]):
        was, now, where = before.get(name), after.get(name), f"families.{name}"
        if was is None:
            merged[name], found = _drop_voucher(where, after[name])
            changes += [ContractChange(where, None, _describe(after[name]), True), *found]
        elif now is None or now.get("pattern") != was.get("pattern"):
            merged[name] = dict(was)
            changes.append(ContractChange(where, _describe(was), now and _describe(now), False))
        else:
            merged[name], found = _merge_limits(where, was, now)
            changes += found
    return merged, changes


def _find_family(families: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    """Find the family that takes a column of this name, which would have its limits; None when there is none."""
    for family in families.values():
        try:
            if re.fullmatch(str(family.get("pattern")), name):
                return family
        except re.error:
            continue  # the first stage refuses it
    return None


def _read_parts(contract: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """Read the columns, or the families, of a contract by their names."""
    parts = contract.get(key)
    return {str(name): of for name, of in parts.items() if isinstance(of, dict)} if isinstance(parts, dict) else {}


def _merge_column(
    name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], judges: bool
) -> tuple[dict[str, Any], list[ContractChange]]:
    """Merge one column: one that judges as it is in the base, any other with the limits of the base."""
    where, role = f"columns.{name}", after.get("role")
    if before is not None and judges:
        kept = [] if before == after else [ContractChange(where, _describe(before), _describe(after), False)]
        return dict(before), kept
    if role == "protected":
        return dict(after), [ContractChange(where, before and _describe(before), _describe(after), True)]
    if role in JUDGE_ROLES:
        plain = {key: value for key, value in after.items() if key not in ("role", "favourable")}
        merged = dict(before or {**plain, "role": "ignored", "because": f"{role} only once the base has it"})
        return merged, [ContractChange(where, before and _describe(before), _describe(after), False)]
    if before is None:
        return _drop_voucher(where, after)
    return _merge_limits(where, before, after)


def _drop_voucher(where: str, after: Mapping[str, Any]) -> tuple[dict[str, Any], list[ContractChange]]:
    """Take a new column, or family, without the word of its author that it is no leak."""
    key = "known_at_decision"
    found = [ContractChange(f"{where}.{key}", None, after[key], False)] if after.get(key) else []
    return {name: value for name, value in after.items() if name != key}, found


def _merge_limits(
    where: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[ContractChange]]:
    """Take a column, or a family, of the change with the limits of the base."""
    merged, changes = dict(after), []
    is_seen = after.get("role") in ("feature", "score")
    for key in (*LIMIT_FIELDS, *(VOUCHED_FIELDS if is_seen else ())):
        if before.get(key) == after.get(key):
            continue
        is_used = key in ADDED_GATES and before.get(key) is None
        changes.append(ContractChange(f"{where}.{key}", before.get(key), after.get(key), is_used))
        if not is_used:
            copy_key(merged, before, key)
    if merged.get("more_is") != after.get("more_is"):  # a reason has the sides that the direction gives it
        for key in ("reason", "reason_if_missing"):
            copy_key(merged, before, key)
    if before.get("threshold") != after.get("threshold"):
        changes.append(ContractChange(f"{where}.threshold", before.get("threshold"), after.get("threshold"), True))
    return merged, changes


def _describe(column: Mapping[str, Any]) -> str:
    """Describe what a column is to the judge."""
    keys = (
        "role", "pattern", "type", "reference", "favourable", "allowed", "range", "fold", "new_levels", "missing",
        "missing_codes", *VOUCHED_FIELDS, "sql",
    )  # fmt: skip
    return ", ".join(f"{key} {column[key]}" for key in keys if column.get(key) is not None)
