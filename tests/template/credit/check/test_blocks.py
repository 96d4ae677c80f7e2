"""The registry has every block that any code reads, with the model that the code reads it as."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.check.blocks import BLOCKS, read_blocks
from credit.common.params import Params
from testing.imports import ROOT, list_source_files
from testing.lenders.frozen import LENDER

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def list_reads(file: Path) -> Iterator[tuple[type[Params], str]]:
    """The models and blocks that a file reads; a name that is computed would be read unseen."""
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read_params":
            model, block = node.args[:2]
            assert isinstance(model, ast.Name), f"{file}:{node.lineno}"
            assert isinstance(block, ast.Constant), f"{file}:{node.lineno}"
            yield getattr(import_module(module), model.id), str(block.value)


READS = {read for file in list_source_files() if "read_params(" in file.read_text() for read in list_reads(file)}


@pytest.mark.parametrize(("model", "block"), sorted(READS, key=lambda read: (read[1], read[0].__name__)))
def test_a_block_is_read_as_the_model_that_the_check_fits_it_to(model: type[Params], block: str) -> None:
    top, *inner = block.split(".")
    known: Any = BLOCKS[top]
    for key in inner:
        known = known.model_fields[key].annotation
    same = {name: field.annotation for name, field in known.model_fields.items()}
    read = {name: field.annotation for name, field in model.model_fields.items()}
    assert model is known or (model.model_config["extra"] == "ignore" and read.items() <= same.items())


def test_every_read_of_the_stages_was_found() -> None:
    read = {block.split(".")[0] for _, block in READS}
    assert read | {"engine"} == set(BLOCKS)  # the latter may be left out: credit/engine/settings.py reads it


def test_every_stage_with_parameters_has_a_block_and_no_block_is_without_a_stage() -> None:
    watched = {str(name).split(".")[0] for stage in STAGES.values() for name in stage.get("params", [])}
    assert watched | {"data", "engine", "watch"} == set(BLOCKS)  # on the second no result depends
    assert set(BLOCKS) - {"data", "engine", "watch"} <= set(STAGES)
    assert list(yaml.safe_load((LENDER / "params.yaml").read_text())) == list(BLOCKS)


def test_a_block_that_nothing_reads_and_one_that_is_missing_are_found_beside_the_faults_of_others(
    tmp_path: Path,
) -> None:
    text = (LENDER / "params.yaml").read_text()
    for old, new in (("\nvalidate:", "\nvalidat:"), ("points: 100 ", "points: 1 "), ("least_agreement", "least")):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "params.yaml"
    path.write_text(text)
    blocks = read_blocks(path)
    assert [str(problem).removeprefix(f"{path}: ") for problem in blocks.problems] == [
        "validat: a block that nothing reads; is it misspelt? credit/check/blocks.py has them",
        "validate: found no such block, expected the block of this stage, with max_quarantined, min_group",
        "evaluate.points: found 1, expected a value greater than or equal to 10",
        "stability.least_agreement: found nothing, expected a value",
        "stability.least: unknown key; is it misspelt?",
    ]
    path.write_text("{}")
    told = [str(problem) for problem in read_blocks(path).problems]
    (train,) = [line for line in told if ": train: " in line]
    assert train.endswith("with candidates, rows, read_protected, policy, cross_validation, search")  # keys of the file
    assert blocks.find(BLOCKS["evaluate"]) is None
    assert blocks.find(BLOCKS["split"]) is not None


def test_parameters_of_the_version_before_need_what_the_page_of_upgrades_adds_and_nothing_else(tmp_path: Path) -> None:
    """The file is as projects have it; what it lacks is named, the keys of a block that is new too."""
    page = (ROOT / "docs/upgrading.md").read_text()
    added = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", page.partition("## Upgrade from 0.1")[2], re.DOTALL)[0])
    before = yaml.safe_load((Path(__file__).parent / "params_of_0_1.yaml").read_text())
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(before, sort_keys=False))
    told = "\n".join(str(problem) for problem in read_blocks(path).problems)
    for block, lines in added.items():
        for name in lines:
            assert re.search(rf"{block}\.{name}: found nothing|{block}: found no such block, .*(\b{name}\b|{{}})", told)
    path.write_text(yaml.safe_dump(before | {name: before.get(name, {}) | added[name] for name in added}))
    assert read_blocks(path).problems == ()


def test_each_missing_key_that_may_be_null_says_so_and_no_other_does(tmp_path: Path) -> None:
    params = yaml.safe_load((LENDER / "params.yaml").read_text())
    path = tmp_path / "params.yaml"

    def find_problems(place: dict[str, Any], name: str, key: str) -> tuple[bool, bool]:
        """Tell whether the key is said to be nullable when it is missing, and whether null is a problem of it."""
        value = place.pop(name)
        path.write_text(yaml.safe_dump(params, sort_keys=False))
        missing = [str(problem) for problem in read_blocks(path).problems if problem.where == f"{path}: {key}"]
        place[name] = None
        path.write_text(yaml.safe_dump(params, sort_keys=False))
        at_null = any(problem.where.startswith(f"{path}: {key}") for problem in read_blocks(path).problems)
        place[name] = value
        return any("found nothing, expected a value or null" in one for one in missing), at_null

    train = params["train"]
    keys = [(train, name, f"train.{name}") for name in train if name != "candidates"]
    keys += [(train[block], name, f"train.{block}.{name}") for block in ("policy", "logistic") for name in train[block]]
    told = {key: find_problems(place, name, key) for place, name, key in keys}
    assert told["train.rows"] == (True, False)
    assert told["train.logistic.class_weight"] == (True, False)
    assert told["train.policy.approval_share"] == (False, True), "one of a union"
    assert [key for key, (is_said, is_problem) in told.items() if is_said and is_problem] == []
