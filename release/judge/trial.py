"""A trial: a clone of the base with what the change may bring, in which the pipeline runs from nothing.

Nothing is taken from a cache but raw data, which DVC knows by their hash: stages are forced one by one, as DVC would
take those for unchanged whose outputs are in git. What runs the code of the change and what judges are two trials: in
the second there is none of its code, so it cannot reach what judges, not even by a process that it left behind.
"""

import shutil
from pathlib import Path
from typing import Any

import yaml

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import write_text
from release.compare.sides import Sides
from release.judge import scope
from release.judge.changes import ChangedFiles, read_mapping
from release.judge.contract_scope import merge_contract
from release.repository.clones import run_dvc, share_settings
from release.repository.data_sources import check_listing, check_source_file, find_cache
from release.repository.git import run_git
from release.repository.revision import Revision
from release.repository.templated_values import find_unsafe_values

DATA_STAGES = ("check_contract", "ingest", "validate", "split")
RUN_STAGES = ("select_features", "train", "evaluate", "select_in_folds", "predict", "rescore")
JUDGE_STAGES = ("fairness", "choose", "summarize")

BELIEVED = (
    "dvc.lock", "reports/features.json", "reports/candidates", "reports/metrics.json", "reports/predictions.json",
    "reports/plots", "data/predictions", "data/partitions",
)  # fmt: skip
"""What the code of the change writes. Data to the judge, who loads no model and runs nothing of it."""


def assemble_trial(folder: Path, revisions: Sides[Revision], files: ChangedFiles, with_code: bool) -> None:
    """Clone the base into a folder, and put into it the data, features and params of the change.

    with_code: also the code that makes the predictions.
    """
    params = scope.merge_params(revisions.base.params, revisions.head.params)
    raise_if_any(find_unsafe_values(revisions.base.read_text("dvc.yaml") or "", params, scope.PARAMS))
    base, head = revisions.map(lambda side: str(side.commit))
    run_git("clone", "--quiet", "--shared", "--no-checkout", ".", str(folder))
    run_git("-C", str(folder), "checkout", "--quiet", "--detach", base)
    for path, letter in files.letters.items():
        if scope.is_brought(path, with_code):
            if letter == "D":
                (folder / path).unlink()
            else:
                run_git("-C", str(folder), "checkout", "--quiet", head, "--", path)
                _refuse_link(folder, path)
    write_settings(folder, revisions)
    share_settings(folder)


def write_settings(folder: Path, revisions: Sides[Revision]) -> None:
    """Write the params and the contract of the change into a folder, with what judges as the base has it."""
    _write_yaml(folder / scope.PARAMS, scope.merge_params(revisions.base.params, revisions.head.params))
    contract = revisions.head.contract_path
    before, after = (read_mapping(side, contract) for side in revisions)
    if after is None:
        raise CreditError(Problem(f"{contract} at {revisions.head.name}", "no such file, or no contract in it"))
    _write_yaml(folder / contract, merge_contract(before, after)[0] if before else after)


def _refuse_link(folder: Path, path: str) -> None:
    """Refuse a link of the change: what is written through it would land elsewhere, in the judge for example."""
    if (folder / path).is_symlink():
        raise CreditError(Problem(path, "a link", "a file"))


def _write_yaml(path: Path, content: Any) -> None:
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def pull_raw_data(folder: Path, dataset: str | None) -> None:
    """Pull the raw data that a file of DVC names, from the cache or from the remote of the base.

    Raises CreditError where the file, or the listing of the folder that it names, leads anywhere else.
    """
    file = f"data/raw/{dataset}.dvc"
    if (folder / file).is_file():
        digest = check_source_file(folder / file)
        run_dvc(folder, "the data of the change", "fetch", file)
        check_listing(find_cache()[0], digest, file)
        run_dvc(folder, "the data of the change", "checkout", file)


def list_data_stages(folder: Path, dataset: str | None) -> list[str]:
    """List the stages from the raw data to training and test rows, with `fetch` where the dataset is a bundled one."""
    content = yaml.load((folder / "dvc.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    bundled = content["stages"].get("fetch", {}).get("matrix", {}).get("dataset", ())
    return [*([f"fetch@{dataset}"] if dataset in bundled else []), *DATA_STAGES]


def run_stages(folder: Path, names: list[str], what: str) -> None:
    """Run stages in a trial, each whether or not DVC would. Raises CreditError with the last lines of what failed."""
    options = ("--quiet", "--force", "--single-item", "--no-commit", "--no-run-cache")
    run_dvc(folder, what, "repro", *options, *names)


def copy_results(source: Path, target: Path) -> None:
    """Copy what the code of the change wrote. Raises CreditError when some is missing, or is a link elsewhere."""
    missing = [name for name in BELIEVED if not (source / name).exists()]
    if missing:
        found = f"lack {', '.join(missing)}"
        raise CreditError(Problem("the results of the change", found, fix="what ran it says why"))
    links = [path for name in BELIEVED for path in (source / name, *(source / name).rglob("*")) if path.is_symlink()]
    if links:
        raise CreditError(Problem("the results of the change", f"{links[0].relative_to(source)} is a link", "a file"))
    for name in BELIEVED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.rmtree(target / name, ignore_errors=True)
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)
