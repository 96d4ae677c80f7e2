"""The people of the judgement: the same that the base would judge, with their own labels, groups and folds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from credit.common.errors import Problem, raise_if_any
from credit.common.files import read_yaml
from credit.contract import Contract, load_contract
from credit.data.splitting import assign_folds
from credit.data.tables import is_favourable, open_table, read_frame
from credit.evaluation.candidates import read_candidate_names
from credit.evaluation.predictions import map_people_columns, name_groups, read_predictions
from credit.reports.base import Count, ReportPart
from credit.reports.predictions import PredictionsReport
from credit.reports.validation import ValidationReport
from release.compare.sides import Sides
from release.repository.revision import Revision


def check_people(folder: Path, claimed: PredictionsReport) -> None:
    """Check that each candidate's predictions are about all people whom the base's own stages would judge.

    claimed: what the change's run said of them. Scores and decisions are left as they are; labels, groups, folds and
    order are compared with the tables that the base's stages wrote. Raises CreditError.
    """
    decided = PredictionsReport.read(folder / PredictionsReport.PATH)
    if decided.predictions != claimed.predictions:
        raise_if_any([Problem("who is judged", claimed.predictions, f"{decided.predictions}, {decided.why}")])
    table = folder / ("data/accepted.parquet" if decided.kept_in_folds else "data/test.parquet")
    columns = open_table(table).schema_arrow.names
    contract = load_contract(folder / "data/contract.yaml").bind(columns, str(table))
    people, favourable, folds = _read_people(folder, contract, table, bool(decided.kept_in_folds))
    problems: list[Problem] = []
    for name in read_candidate_names(folder / "params.yaml"):
        own = read_predictions(folder / f"data/predictions/{name}.parquet", contract)
        where = f"the predictions of {name}"
        if len(own.people) != len(people):
            problems.append(Problem(where, f"{len(own.people):,} people", f"{len(people):,}, all who are judged"))
            continue
        expected = {"label": favourable, "fold": folds} | {column: people[column].to_numpy() for column in people}
        found = {"label": own.favourable, "fold": own.folds} | {
            column: own.people[column].to_numpy() for column in people
        }
        problems += [
            Problem(where, f"{count:,} people with another {column}", "that of the data")
            for column in expected
            if (count := _count_different(found[column], expected[column]))
        ]
    raise_if_any(problems)


def _read_people(
    folder: Path, contract: Contract, table: Path, folded: bool
) -> "tuple[pd.DataFrame, np.ndarray, np.ndarray]":
    columns = list(map_people_columns(contract).values())
    frame = read_frame(table, list(dict.fromkeys([*columns, contract.label])))
    people = frame[columns].assign(**{name: name_groups(frame[name]) for name in contract.protected})
    predict = read_yaml(folder / "params.yaml")["predict"]
    folds = assign_folds(contract, table, predict["folds"], predict["salt"]) if folded else np.zeros(len(frame), int)
    return people, is_favourable(contract, frame), folds


def _count_different(found: "np.ndarray", expected: "np.ndarray") -> int:
    """Count the values that differ; a missing one is like another missing one."""
    one, other = pd.Series(found).astype(object), pd.Series(expected).astype(object)
    return int((~((one == other) | (one.isna() & other.isna()))).sum())


class Departure(ReportPart):
    """A group that has fewer people in the data of the change than in those of the base."""

    attribute: str
    group: str
    base: Count
    head: Count
    dataset: str | None = None
    """That of the change, where it uses another one than the base: the people may be others altogether."""

    @property
    def share(self) -> float:
        """The share of the base's people that is gone, from 0 to 1."""
        return (self.base - self.head) / self.base


def find_departures(revisions: Sides[Revision], folder: Path) -> list[Departure]:
    """Find the groups that lost people since the base, the largest loss first.

    Counted as the contract of the base counts them, in both data; a group that is gone altogether has nobody. Another
    dataset may be a copy with fewer people, so its groups are compared by name, in the attributes that both have.
    """
    before = ValidationReport.read_at(revisions.base, ValidationReport.PATH)
    if before is None:
        return []
    after = ValidationReport.read(folder / ValidationReport.PATH)
    other = revisions.head.dataset if revisions.map(lambda side: side.dataset).has_changed else None
    return sorted(_list_departures(before, after, other), key=lambda one: -one.share)


def _list_departures(before: ValidationReport, after: ValidationReport, other: str | None) -> Iterator[Departure]:
    for attribute, groups in before.groups.items():
        if other and attribute not in after.groups:
            continue  # told as one that is not protected any more
        for group, people in groups.items():
            left = after.groups.get(attribute, {}).get(group, 0)
            if left < people:
                yield Departure(attribute=attribute, group=group, base=people, head=left, dataset=other)
