"""Check contract, parameters and waivers before a row is read: all that would stop a later stage, at once.

What the stages compute by goes to `data/contract.yaml`, without the words: a changed reason or description runs those
stages only that show it. So does a changed parameter that is right: the file stays the same.
"""

from pathlib import Path

import yaml

from credit.check.project import check_project
from credit.common.cli import make_stage
from credit.common.files import read_yaml, write_text
from credit.contract.view import strip_words


@make_stage(__doc__)
def run(contract_file: Path, waivers_folder: Path, view_file: Path) -> None:
    """Write `data/contract.yaml`."""
    contract = check_project(contract_file, waivers_folder)
    view = strip_words(read_yaml(contract_file), str(contract_file))
    write_text(view_file, yaml.safe_dump(view, sort_keys=False, allow_unicode=True))
    print(f"{contract_file}: {len(contract.columns)} columns, {len(contract.features)} of them features")
