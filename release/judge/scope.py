"""What a change may bring, and what judges it: paths and parameters; `contract_scope` has the contract.

A path that nobody has named harmless belongs to the judge, so that a new file is looked at rather than overlooked.
"""

import re
from collections.abc import Mapping
from typing import Any

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
    "notebooks/", "credit/explain.py", "credit/plan.py", "credit/summary.py", "data/.gitignore", "data/raw/.gitignore",
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
    "ci/": "workflows",
    ".gitlab-ci.yml": "workflows",
    "waivers/": "waivers",
    "service/": "the service that decides",
    "monitoring/": "what wakes somebody",
    "watch/": "the watch",
    "deploy/": "where service and watch run",
    "compose.yaml": "where service and watch run",
    "Dockerfile": "where service and watch run",
    "credit/packaging/": "what goes into a bundle",
    "credit/report/": "what goes into a bundle",
    "tests/": "tests",
    "testing/": "tests",
    ".dvc/": "DVC's settings and remotes",
    "requirements.lock": "packages",
    "requirements.service.lock": "packages",
    "requirements.watch.lock": "packages",
    "pyproject.toml": "packages",
    "Makefile": "workflows",
}
"""The kind of a path of the judge by its start; any other is code that judges."""

BROUGHT_PARAMS = ("data", "fetch", "select_features", "train")
"""The blocks of params.yaml that a change may bring. Any other judges: the base's is used, also of one that is new."""

JUDGE_PARAMS = ("select_features.max_auc",)
"""Keys of those blocks that judge."""

LEVER_PARAMS = (
    "data.contract", "fetch", "select_features.keep_places", "select_features.max_proxy", "train.heuristic",
    "train.policy", "train.read_protected",
)  # fmt: skip
"""Those that move the result for everybody: taken from the change, so that their effect is judged, and told first."""


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
            copy_key(merged, base, block)
    for name in JUDGE_PARAMS:
        block, _, key = name.partition(".")
        if isinstance(merged.get(block), dict):
            of_base = base.get(block)
            copy_key(merged[block], of_base if isinstance(of_base, dict) else {}, key)
    return merged


def copy_key(target: dict[str, Any], source: Mapping[str, Any], key: str) -> None:
    """Give a key the value of the source: absent stays absent."""
    if key in source:
        target[key] = source[key]
    else:
        target.pop(key, None)
