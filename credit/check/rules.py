"""What blocks of params.yaml, the contract and the waivers must agree about, each rule as its stage has it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.variants import find_variant_problems
from credit.check.blocks import ReadBlocks
from credit.choice.champion import ChooseParams, find_incumbent_problems
from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.data.row_groups import find_fold_problems
from credit.data.splitting import SplitParams, find_split_problems
from credit.fairness.counts import count_nobody
from credit.fairness.group_comparison import find_primary_problems, list_judged_groups
from credit.fairness.policies import Fairness
from credit.fairness.waivers import find_overlong, find_waiver_problems, load_waivers
from credit.selection.binned_auc import AUC_FOLDS
from credit.selection.proxies import PROXIES
from credit.training.search import SEARCH_FOLDS_KEY, find_search_problems
from credit.training.train import FOLDS_KEY, TrainParams
from scenario.params import FetchParams, find_version_problems


def find_disagreements(contract: Contract, blocks: ReadBlocks) -> Iterator[Problem]:
    """Find what a stage would refuse of blocks that are valid by themselves. Of blocks with faults nothing is said."""
    fetch, split, fairness = blocks.find(FetchParams), blocks.find(SplitParams), blocks.find(Fairness)
    train, choose = blocks.find(TrainParams), blocks.find(ChooseParams)
    alternatives = blocks.find(FindAlternativesParams)
    if fetch and fetch.loanapp:
        yield from find_version_problems(fetch.loanapp)
    if split:
        yield from find_split_problems(contract, split)
    if fairness and contract.protected:
        yield from find_primary_problems(contract.protected, fairness.rules)
    if train:
        yield from _find_group_problems(contract, train)
        for name, own in train.hyperparameters.items():
            yield from find_search_problems(name, own, train.search)
    if choose and blocks.candidates:
        yield from find_incumbent_problems(choose, blocks.candidates)
    if alternatives and train:
        yield from find_variant_problems(alternatives, train)


def _find_group_problems(contract: Contract, train: TrainParams) -> list[Problem]:
    """Find the folds that a column of role group has too few values for."""
    allowed = contract.columns[contract.group].allowed if contract.group else None
    if allowed is None:
        return []
    folds = {PROXIES: AUC_FOLDS, FOLDS_KEY: train.cross_validation.folds}
    folds |= {SEARCH_FOLDS_KEY: train.search.folds} if train.search.enabled else {}
    return [problem for where, count in folds.items() for problem in find_fold_problems(len(allowed), count, where)]


def find_waiver_disagreements(contract: Contract, blocks: ReadBlocks, folder: Path, today: date) -> list[Problem]:
    """Find each waiver that cannot be read, has expired, or names nothing that can be judged. The contract is whole."""
    try:
        waivers = load_waivers(folder)
    except CreditError as error:
        return error.problems
    fairness = blocks.find(Fairness)
    if not fairness or not blocks.candidates or find_primary_problems(contract.protected, fairness.rules):
        return []
    policy = fairness.chosen_policy
    groups = list_judged_groups(count_nobody(contract), policy, fairness.rules)
    overlong = find_overlong(waivers, today, fairness.waivers.longest)
    return [*find_waiver_problems(waivers, blocks.candidates, groups, policy, today), *overlong]
