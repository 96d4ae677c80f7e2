"""Check a contract with the parameters and the waivers beside it: every problem at once, before anything runs."""

from datetime import date
from pathlib import Path

from credit.check.blocks import read_blocks
from credit.check.rules import find_disagreements, find_waiver_disagreements
from credit.common.errors import raise_if_any
from credit.contract import Contract
from credit.contract.completeness import suppose_roles
from credit.contract.loading import outline_contract
from credit.data.contract_check import find_contract_problems
from credit.data.manifest.params import IngestParams
from credit.data.raw_binding import find_raw_problems
from credit.scoring.translations import find_translation_problems

PARAMS, WAIVERS = Path("params.yaml"), Path("waivers")


def check_project(
    contract_file: Path, waivers: Path, raw: Path | None = None, params: Path | None = PARAMS
) -> Contract:
    """Load a contract with which, and with these parameters, no stage stops before it has seen the rows.

    `raw`: the raw file, where its columns and types are to be tried as well. Without `params` and waivers the contract
    is checked by itself. Raises CreditError with everything.
    """
    outline = outline_contract(contract_file)
    is_valid = not outline.problems
    problems = find_contract_problems(outline)
    blocks = read_blocks(params) if params is not None else None
    if raw is not None and is_valid:
        ingest = blocks.find(IngestParams) if blocks else None
        problems += find_raw_problems(outline.contract, raw, outline.file, ingest.parts_from if ingest else ())
    if is_valid:
        problems += find_translation_problems(outline.contract, contract_file)
    if blocks is not None:
        problems += [*blocks.problems, *find_disagreements(suppose_roles(outline), blocks)]
        if is_valid:
            problems += find_waiver_disagreements(outline.contract, blocks, waivers, date.today())
    raise_if_any(list(dict.fromkeys(problems)))
    return outline.contract


def describe_check(contract_file: Path) -> str:
    """Check a contract, with its raw file and the parameters where they are there; describe the result.

    Raises CreditError with everything that is wrong.
    """
    raw = contract_file.parent.parent / "raw" / contract_file.stem
    has_raw, has_params = raw.exists(), PARAMS.exists()
    contract = check_project(contract_file, WAIVERS, raw if has_raw else None, PARAMS if has_params else None)
    of_params = (
        "no stage will refuse what they say" if has_params else "not here, so the contract was checked by itself"
    )
    of_raw = (
        "has the columns of the contract, and every expression runs on them"
        if has_raw
        else "not here, so expressions were tried on the types that the contract says"
    )
    families = [one.role for one in contract.families.values()]
    of_families = f"; {len(families)} families of columns, {families.count('feature')} of features" if families else ""
    return (
        f"{contract_file}: complete; {len(contract.columns)} columns, {len(contract.features)} of them features"
        f"{of_families}\n"
        f"{PARAMS} and {WAIVERS}/: {of_params}\n"
        f"{raw}: {of_raw}"
    )
