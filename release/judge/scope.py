"""What a change may bring, and what judges it: paths, parameters and the fields of a contract.

A path that nobody has named harmless belongs to the judge, so that a new file is looked at rather than overlooked.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from credit.contract.sql_names import extract_sql_names

TRAINING_CODE = ("credit/candidates/", "credit/scoring/", "credit/selection/", "credit/training/")
"""The code that makes the predictions: taken from the change, and to be read by a person."""

OUT_OF_FOLD_CODE = re.compile(r"credit/training/cross_fitting[./]")
"""Who is trained on whom. By this code of the base, nobody is scored by a model that has seen them. Nor may a folder
or a compiled file of this name come before it when Python looks for it."""

DATA = "data/raw/"
PARAMS, CONTRACTS = "params.yaml", "data/contracts/"
WORDS = "data/contracts/reasons/"
"""The words of reasons in other languages: a new feature comes with them."""

RESULTS = ("dvc.lock", "reports/")
"""What a change says that the pipeline wrote. Computed anew, so nothing of it is believed."""

HARMLESS = (
    "docs/", "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "monitoring/grafana/", "bench/", "contract_draft/",
    "credit/explain.py", "credit/summary.py", "data/.gitignore", "data/raw/.gitignore",
)  # fmt: skip

STEERING_FILES = {
    "dvc.yaml": "the pipeline",
    ".dvcignore": "the pipeline",
    ".gitattributes": "git's settings",
    ".gitignore": "git's settings",
    ".gitmodules": "git's settings",
    "conftest.py": "tests",
    "CODEOWNERS": "workflows",
}
"""Files that a tool obeys wherever they lie: also where a change may bring what it likes."""

JUDGE_KINDS = {
    ".github/": "workflows",
    ".ci/": "workflows",
    "waivers/": "waivers",
    "service/": "the service that decides",
    "monitoring/": "what wakes somebody",
    "watch/": "the watch",
    "credit/packaging/": "what goes into a bundle",
    "credit/report/": "what goes into a bundle",
    "tests/": "tests",
    "testing/": "tests",
    ".dvc/": "DVC's settings and remotes",
    "requirements.lock": "packages",
    "requirements.service.lock": "packages",
    "pyproject.toml": "packages",
    "Makefile": "workflows",
}
"""The kind of a path of the judge by its start; any other is code that judges."""

BROUGHT_PARAMS = ("data", "fetch", "select_features", "train")
"""The blocks of params.yaml that a change may bring. Any other judges: the base's is used, also of one that is new."""

JUDGE_PARAMS = ("select_features.max_auc",)
"""Keys of those blocks that judge."""

LEVER_PARAMS = (
    "data.contract", "fetch", "select_features.max_proxy", "train.heuristic", "train.policy", "train.read_protected",
)  # fmt: skip
"""Those that move the result for everybody: taken from the change, so that their effect is judged, and told first."""

JUDGE_ROLES = ("protected", "label", "id", "group", "time")
"""The roles whose columns are those of the base, whatever a change makes of them."""

LIMIT_FIELDS = ("type", "allowed", "range", "missing", "missing_codes", "fold", "new_levels", "format")
"""The fields of any column that decide who is set aside, or counts as somebody else."""

VOUCHED_FIELDS = ("known_at_decision", "more_is", "about")
"""What a person vouches for about a column that a model sees, and gates ask: that it is no leak, which values are
better, that it is a place."""


class ContractChange(NamedTuple):
    """A field of the contract that judges, in words; `is_used`: whether the change's value is the one in use."""

    where: str
    base: Any
    head: Any
    is_used: bool


def is_under(path: str, names: tuple[str, ...]) -> bool:
    """Tell whether a path is one of the names, or below one of those that end with a slash."""
    return any(path == name or (name.endswith("/") and path.startswith(name)) for name in names)


def is_param_under(key: str, names: tuple[str, ...]) -> bool:
    """Tell whether a parameter is one of the names, or below one of them."""
    return any(key == name or key.startswith(f"{name}.") for name in names)


def is_judge_param(key: str) -> bool:
    """Tell whether the base's value of a parameter is used."""
    return not is_param_under(key, BROUGHT_PARAMS) or is_param_under(key, JUDGE_PARAMS)


def is_training_code(path: str) -> bool:
    """Tell whether a path is code that makes the predictions."""
    return is_under(path, TRAINING_CODE) and not OUT_OF_FOLD_CODE.match(path) and _name_steering_kind(path) is None


def is_brought(path: str, with_code: bool) -> bool:
    """Tell whether a trial takes a file as the change has it; params and the contract are merged instead."""
    if _name_steering_kind(path) is not None:
        return False
    return is_under(path, (DATA, WORDS)) or (with_code and is_training_code(path))


def _name_steering_kind(path: str) -> str | None:
    """Name the kind of a file that a tool obeys wherever it lies; None for any other."""
    folder, slash, name = path.rpartition("/")
    if path in HARMLESS:
        return None
    if name.endswith(".dvc") and folder + slash != DATA:
        return "the pipeline"
    return STEERING_FILES.get(name)


def name_judge_kind(path: str) -> str | None:
    """Name the kind of judge that a path is part of; None for what a change may bring, and what is harmless."""
    steering = _name_steering_kind(path)
    if steering is not None:
        return steering
    if is_under(path, (DATA, PARAMS, CONTRACTS, *RESULTS, *HARMLESS)) or is_training_code(path):
        return None
    kinds = (kind for prefix, kind in JUDGE_KINDS.items() if path.startswith(prefix))
    return next(kinds, "code that judges")


def merge_params(base: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Take the parameters of the change, with those of the judge as the base has them."""
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in head.items()}
    for block in dict.fromkeys([*base, *head]):
        if block not in BROUGHT_PARAMS:
            _copy_key(merged, base, block)
    for name in JUDGE_PARAMS:
        block, _, key = name.partition(".")
        if isinstance(merged.get(block), dict):
            of_base = base.get(block)
            _copy_key(merged[block], of_base if isinstance(of_base, dict) else {}, key)
    return merged


def _copy_key(target: dict[str, Any], source: Mapping[str, Any], key: str) -> None:
    """Give a key the value of the source: absent stays absent."""
    if key in source:
        target[key] = source[key]
    else:
        target.pop(key, None)


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
        _copy_key(merged, base, "format")
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
        if before.get(key) != after.get(key):
            changes.append(ContractChange(f"{where}.{key}", before.get(key), after.get(key), False))
        _copy_key(merged, before, key)
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
