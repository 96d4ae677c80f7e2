"""A loaded bundle: a verified version that decides, by the model or by the rule, and gives reasons.

Needs onnxruntime, numpy and pydantic; neither scikit-learn nor pandas, and no pickle.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from credit.bundle.manifest import Manifest, verify_bundle
from credit.bundle.policy_limits import PolicyLimits
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import read_json
from credit.contract.columns import Family
from credit.contract.contract import Contract
from credit.contract.leakage import find_used_columns
from credit.contract.loading import load_contract
from credit.reports.candidate import BundleCandidate
from credit.reports.features import BundleFeatures
from credit.scoring.derived_columns import find_sources
from credit.scoring.design_matrix import list_design_columns
from credit.scoring.model import Decision, Model, refer_unexplained
from credit.scoring.onnx import load_onnx
from credit.scoring.policy import Policy
from credit.scoring.reason_baseline import ReasonRules
from credit.scoring.reason_words import CodedTexts, FeatureReason, code_reason
from credit.scoring.reasons import DecidedBy
from credit.scoring.row_encoder import ApplicationRow
from credit.scoring.rule import FallbackRule

REASON_RULES_FILE = "reason_rules.json"
"""Not in a bundle that was made before there were rules of reasons; it keeps telling what it told."""

_REASON_TEXTS = re.compile(r"reason_texts\.([A-Za-z0-9-]+)\.json")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Bundle:
    """A loaded version, immutable, so that many threads can use it at once.

    `contract` has the members of families that the model reads; `families` describes the others.
    When the rule is the champion, `model` is the rule as ONNX and its decisions are `decided_by` the rule.
    """

    manifest: Manifest
    contract: Contract
    model: Model
    rule: FallbackRule
    families: Mapping[str, Family]
    label: str
    """The champion's name within a sentence, after `the`."""
    translations: Mapping[str, CodedTexts] = field(default_factory=dict)
    """The words of reasons by language, without that of the contract."""
    limits: PolicyLimits | None = None
    """The limits of the fairness policy; None: it was made before a bundle had them."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which reasons can be given, that of the contract first."""
        return (self.contract.language, *(name for name in self.translations if name != self.contract.language))

    def word_reasons(self, decision: Decision, language: str | None) -> tuple[str, ...]:
        """Word the reasons of a decision in a language; in the contract's each of which there are no words in it."""
        texts = self.translations.get(language or "")
        if texts is None or language == self.contract.language:
            return decision.reasons
        own = texts.rule if decision.decided_by == "rule" else texts.model
        coded = zip(decision.reason_codes, decision.reasons, strict=True)
        return tuple(own.get(code, words) for code, words in coded)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that an application must have, each a value or None: those of the model and the rule's score.

        A derived column is replaced by the columns of the raw file that it is computed from.
        """
        return find_inputs(self.contract, [*self.model.features, self.rule.column])

    def decide(self, rows: Sequence[ApplicationRow]) -> list[Decision]:
        """Decide on each row of typed values, derived columns included, by the champion.

        Raises CreditError with every value that the contract does not allow.
        """
        return self.model.decide(rows)

    def decide_by_rule(self, rows: Sequence[ApplicationRow]) -> list[Decision]:
        """Decide on each row by the rule, which reads the score only. Works when the model does not."""
        scores = self.rule.score(self.contract, rows)
        outcomes = [self.rule.policy.decide_one(score) for score in scores.tolist()]
        reasons = [
            () if outcome == "approve" else self.rule.list_reasons(score, row[self.rule.column])
            for outcome, score, row in zip(outcomes, scores, rows, strict=True)
        ]
        return refer_unexplained(outcomes, scores, reasons, "rule")

    def refer_unread(self) -> Decision:
        """Refer an application of which not even the rule can read its column; an analyst looks at it."""
        code = code_reason(self.rule.column, "missing")
        return Decision("refer", self.rule.score_of_unknown, (self.rule.words_if_missing,), "rule", (code,))


def find_inputs(contract: Contract, names: Sequence[str]) -> tuple[str, ...]:
    """Find the columns of the raw file that some columns are, or are computed from, each once."""
    return tuple(dict.fromkeys(source for name in dict.fromkeys(names) for source in find_sources(contract, name)))


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle, every hash of which is verified before anything else is read.

    Raises CreditError with one problem for each file that is changed, missing, a link or not in the manifest, and for
    a bundle that newer code has written.
    """
    manifest = verify_bundle(folder)
    features = load_bundle_features(folder)
    whole = load_contract(folder / "contract.yaml")
    contract = bind_features(whole, features.features, str(folder / "contract.yaml"))
    onnx = load_onnx((folder / "model.onnx").read_bytes())
    reasons = _read_as(dict[str, FeatureReason], folder / "reasons.json")
    rules = ReasonRules()
    if REASON_RULES_FILE in manifest.files:
        rules = _read_as(ReasonRules, folder / REASON_RULES_FILE)
    policy = _read_as(Policy, folder / "policy.json")
    rule = load_rule(folder)
    columns = tuple(list_design_columns(contract, features.features))
    fit = (columns, len(columns), tuple(reasons)) == (features.design_columns, onnx.width, features.features)
    if not fit or not rules.are_about(features.features, columns):
        file = str(folder / BundleFeatures.NAME)  # hashes prove that files are the packaged ones, not that they fit
        raise CreditError(Problem(file, "features of another contract, model or reasons", "those of this bundle"))
    by: DecidedBy = "rule" if manifest.candidate == HEURISTIC else "model"
    model = Model(contract, policy, reasons, rules, onnx.score, by, onnx.is_row_wise)
    translations = {
        found[1]: _read_as(CodedTexts, folder / name)
        for name in manifest.files
        if (found := _REASON_TEXTS.fullmatch(name))
    }
    limits = PolicyLimits.read(folder / PolicyLimits.NAME) if PolicyLimits.NAME in manifest.files else None
    return Bundle(manifest, contract, model, rule, whole.families, _read_label(folder, manifest), translations, limits)


def name_reason_texts(language: str) -> str:
    """Name the file with the words of reasons in a language."""
    return f"reason_texts.{language}.json"


def load_bundle_features(folder: Path) -> BundleFeatures:
    """Read the list of a bundle's features."""
    return BundleFeatures.read(folder / BundleFeatures.NAME)


def load_rule(folder: Path) -> FallbackRule:
    """Read the rule of a bundle."""
    return _read_as(FallbackRule, folder / "heuristic.json")


def load_bound_contract(path: Path, features: Sequence[str]) -> Contract:
    """Load the contract of a file and bind it: features that belong to a family get its description."""
    return bind_features(load_contract(path), features, str(path))


def bind_features(contract: Contract, features: Sequence[str], where: str) -> Contract:
    """Bind a contract: the members of families that the features are, or that an expression computes from."""
    computed = [
        name
        for column in contract.derived.values()
        for name, source in find_used_columns(contract, column.sql or "")
        if isinstance(source, Family)
    ]
    return contract.bind(dict.fromkeys([*contract.columns, *features, *computed]), where)


def _read_label(folder: Path, manifest: Manifest) -> str:
    """Read the champion's words; a bundle of older code has none, and its candidate goes by its name."""
    file = folder / BundleCandidate.NAME
    return BundleCandidate.read(file).label if file.exists() else manifest.candidate.replace("_", " ")


def _read_as(kind: type[_T], path: Path) -> _T:
    try:
        return TypeAdapter(kind).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
