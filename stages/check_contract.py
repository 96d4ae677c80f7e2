"""Check the contract before a row is read: all that would stop a later stage, at once.

What the stages compute by goes to `data/contract.yaml`, without the words: a changed reason or description runs those
stages only that show it.
"""

from pathlib import Path

import yaml

from credit.common.cli import make_stage
from credit.common.errors import raise_if_any
from credit.common.files import read_yaml, write_text
from credit.common.params import read_params
from credit.contract.view import strip_words
from credit.data.contract_check import check_contract
from credit.data.splitting import SplitParams, find_split_problems


@make_stage(__doc__)
def run(contract_file: Path, view_file: Path) -> None:
    """Write `data/contract.yaml`."""
    contract = check_contract(contract_file)
    raise_if_any(find_split_problems(contract, read_params(SplitParams, "split")))
    view = strip_words(read_yaml(contract_file), str(contract_file))
    write_text(view_file, yaml.safe_dump(view, sort_keys=False, allow_unicode=True))
    print(f"{contract_file}: {len(contract.columns)} columns, {len(contract.features)} of them features")
