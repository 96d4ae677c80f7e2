"""Build a bundle from the champion and the rule: one verified folder with all parts of a version."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from credit.bundle.bundle import REASON_RULES_FILE, bind_features, load_bound_contract, name_reason_texts
from credit.bundle.examples import EXAMPLES_FILE, make_examples
from credit.bundle.manifest import Agreement, Manifest, write_bundle
from credit.common.candidate_definition import load_definition
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import Problem, raise_if_any
from credit.common.files import format_json
from credit.contract import Contract, load_contract
from credit.contract.levels import Scalar
from credit.packaging.parity import check_parity
from credit.packaging.reason_rules import find_reason_rules
from credit.packaging.reference import build_reference
from credit.packaging.told_reasons import count_told_reasons
from credit.packaging.typical_values import find_typical_values
from credit.reports.candidate import BundleCandidate, ToldReasons
from credit.reports.features import BundleFeatures
from credit.reports.reference import ReferenceReport
from credit.scoring.design_matrix import list_design_columns
from credit.scoring.model import Model
from credit.scoring.onnx import load_onnx
from credit.scoring.reason_words import CodedTexts, list_coded_texts, word_reasons
from credit.scoring.reasons import DecidedBy
from credit.scoring.rule import FallbackRule
from credit.scoring.translations import list_translations, translate_contract
from credit.training.agreement import PackageParams
from credit.training.candidates import Candidate, load_candidate
from credit.training.onnx_export import export_onnx


class BundleInputs(NamedTuple):
    """The files that a bundle is made of. `models` and `candidates` are the folders that `train` writes to."""

    contract: Path
    train: Path
    test: Path
    models: Path
    candidates: Path


def build_bundle(
    champion: str, inputs: BundleInputs, params: PackageParams, folder: Path, extra: Mapping[str, bytes]
) -> tuple[Manifest, str]:
    """Write the bundle to `folder`; return the manifest and a line about it. `extra`: more files for it, by name."""
    candidate, contract = _load_candidate_and_contract(champion, inputs)
    rule, _ = _load_candidate_and_contract(HEURISTIC, inputs)
    definition = load_definition(champion)
    columns = list_design_columns(contract, candidate.features)
    onnx = export_onnx(champion, candidate.estimator, len(columns))
    score = load_onnx(onnx).score
    typical = find_typical_values(score, candidate.policy, contract, candidate.features, inputs.train)
    by: DecidedBy = "rule" if champion == HEURISTIC else "model"
    reasons = word_reasons(contract, typical, str(inputs.contract), by)
    rules = find_reason_rules(score, contract, typical, inputs.train)
    model = Model(contract, candidate.policy, reasons, rules, score, by)
    checked = check_parity(model, candidate, inputs.test, params.max_other_decisions)
    decisions = candidate.policy.decide(checked.scores)
    heuristic = build_fallback_rule(rule, contract, str(inputs.contract))
    watched = list(dict.fromkeys([*candidate.features, heuristic.column]))
    reference = build_reference(contract, watched, inputs.train, checked.scores, decisions)
    translations = {
        name_reason_texts(language): _encode_json(texts.model_dump())
        for language, texts in translate_reasons(inputs.contract, typical, by, heuristic.column).items()
    }
    contents = {
        **translations,
        "model.onnx": onnx,
        "model.skops": (inputs.models / f"{champion}.skops").read_bytes(),
        "contract.yaml": inputs.contract.read_bytes(),
        BundleFeatures.NAME: _encode_json(
            BundleFeatures(features=candidate.features, design_columns=tuple(columns)).model_dump()
        ),
        BundleCandidate.NAME: _encode_json(
            BundleCandidate(label=definition.label, description=definition.description).model_dump()
        ),
        "policy.json": _encode_json(candidate.policy.model_dump()),
        "reasons.json": _encode_json({name: one.model_dump() for name, one in reasons.items()}),
        REASON_RULES_FILE: _encode_json(rules.model_dump()),
        "heuristic.json": _encode_json(heuristic.model_dump()),
        ReferenceReport.NAME: _encode_json(reference.dump()),
        ToldReasons.NAME: _encode_json(count_told_reasons(model, inputs.test).dump()),
        EXAMPLES_FILE: _encode_json([one.model_dump() for one in make_examples(model, heuristic, reference.features)]),
    }
    agreement = Agreement(
        rows=len(checked.scores),
        other_decisions=checked.other_decisions,
        denied_without_reason=checked.denied_without_reason,
    )
    raise_if_any([Problem(f"{folder}", f"the name {name} twice", "it once") for name in extra if name in contents])
    manifest = write_bundle(folder, contract.name, champion, agreement, {**contents, **extra})
    line = f"{agreement.rows} test rows agree to {checked.largest_difference:.1e}"
    if agreement.other_decisions:
        line += f", {agreement.other_decisions} of them decided differently by scikit-learn"
    if agreement.denied_without_reason:
        line += f", {agreement.denied_without_reason} denials that no single feature explains will be referred"
    return manifest, f"{champion}: {line}; digest {manifest.digest[:12]}"


def build_fallback_rule(rule: Candidate, contract: Contract, file: str) -> FallbackRule:
    """Build the rule of the bundle from the trained one, without its estimator."""
    (name,) = rule.features
    words = word_reasons(contract, {name: None}, file, "rule")[name]
    return FallbackRule(
        column=name,
        threshold=rule.estimator.threshold,
        approve=rule.estimator.approve,
        share_failed=rule.estimator.share_failed_,
        share_passed=rule.estimator.share_passed_,
        policy=rule.policy,
        words=words.words,
        words_if_missing=words.words_if_missing,
    )


def translate_reasons(
    contract_file: Path, typical: Mapping[str, Scalar | None], by: DecidedBy, rule_column: str
) -> dict[str, CodedTexts]:
    """Word every reason of the model and of the rule in each language that the contract has words in, by its code."""
    translated = {}
    for language, path in list_translations(contract_file).items():
        contract = bind_features(translate_contract(load_contract(contract_file), path), tuple(typical), str(path))
        rule = word_reasons(contract, {rule_column: None}, str(path), "rule")
        translated[language] = CodedTexts(
            model=list_coded_texts(contract, word_reasons(contract, typical, str(path), by)),
            rule=list_coded_texts(contract, rule),
        )
    return translated


def _load_candidate_and_contract(name: str, inputs: BundleInputs) -> tuple[Candidate, Contract]:
    candidate = load_candidate(inputs.models / f"{name}.skops", inputs.candidates / f"{name}.json")
    return candidate, load_bound_contract(inputs.contract, candidate.features)


def _encode_json(content: Any) -> bytes:
    return format_json(content).encode()
