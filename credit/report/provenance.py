"""Provenance: every parameter, the versions of the software, the bundle; all that reproducing the run needs."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from credit.bundle.manifest import Manifest, verify_bundle
from credit.common.files import read_yaml
from credit.reports.candidate import ToldReasons

REPORTED_SOFTWARE = (
    "duckdb",
    "great-expectations",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "skl2onnx",
    "skops",
)
"""What shapes the results and is locked to one version for every Python."""


class Run(NamedTuple):
    """One run. `params` by the block of params.yaml, each with its dotted name."""

    params: dict[str, dict[str, str]]
    software: dict[str, str]
    bundle: Manifest
    told: ToldReasons | None = None
    """None: of a bundle of before they were counted."""


def read_run(params: Path, bundle: Path) -> Run:
    """Read the parameters and the bundle. Raises CreditError when the bundle does not match its manifest."""
    content = read_yaml(params)
    content.pop("engine", None)  # where a run was computed, which is no part of what came out
    blocks = {name: dict(flatten_params(block)) for name, block in content.items()}
    file = bundle / ToldReasons.NAME
    told = ToldReasons.read(file) if file.exists() else None
    return Run(blocks, {name: version(name) for name in REPORTED_SOFTWARE}, verify_bundle(bundle), told)


def flatten_params(content: Any, name: str = "") -> list[tuple[str, str]]:
    """Flatten parameters: every value as JSON by its dotted name."""
    if not isinstance(content, dict) or not content:
        return [(name, content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))]
    return [
        pair for key, value in content.items() for pair in flatten_params(value, f"{name}.{key}" if name else str(key))
    ]
