"""A bundle decides as the candidate did, alone or in company, without scikit-learn."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.manifest import write_bundle
from credit.common.candidate_definition import list_definitions
from credit.common.errors import CreditError
from credit.data.tables import make_frame, open_table
from credit.packaging.build import BundleInputs
from credit.packaging.reason_rules import find_reason_rules
from credit.reports.candidate import ToldReasons
from credit.scoring.reason_baseline import ReasonRules
from credit.training.candidates import load_candidate

Made = Callable[[str], Path]
Rows = list[dict[str, Any]]


@pytest.mark.parametrize("champion", list_definitions())
def test_decisions_are_those_of_the_candidate(champion: str, bundles: Made, inputs: BundleInputs, rows: Rows) -> None:
    bundle = load_bundle(bundles(champion))
    candidate = load_candidate(inputs.models / f"{champion}.skops", inputs.candidates / f"{champion}.json")
    frame = make_frame(open_table(inputs.test).read())
    decided = bundle.decide(rows)
    assert [one.decision for one in decided] == candidate.policy.decide(
        candidate.score_frame(bundle.contract, frame)
    ).tolist()
    assert np.abs(np.array([one.score for one in decided]) - candidate.score_frame(bundle.contract, frame)).max() < 1e-5
    assert {one.decided_by for one in decided} == {"rule" if champion == "heuristic" else "model"}


@pytest.mark.parametrize("champion", list_definitions())
def test_who_else_is_asked_about_changes_nothing(champion: str, bundles: Made, rows: Rows) -> None:
    bundle = load_bundle(bundles(champion))
    together = bundle.decide(rows[:60])
    assert [bundle.decide([row])[0] for row in rows[:60]] == together
    assert bundle.decide(rows[59::-1]) == together[::-1]
    assert bundle.decide([]) == bundle.decide_by_rule([]) == []


@pytest.mark.parametrize("champion", list_definitions())
def test_everybody_not_approved_by_the_model_gets_up_to_four_reasons(champion: str, bundles: Made, rows: Rows) -> None:
    decided = load_bundle(bundles(champion)).decide(rows)
    assert {one.decision for one in decided} == {"approve", "refer", "deny"}
    for one in decided:
        assert len(one.reasons) <= 4
        assert len(set(one.reasons)) == len(one.reasons)
        assert (one.decision == "approve") == (not one.reasons) or one.decision == "refer"


@pytest.mark.parametrize("champion", list_definitions())
def test_each_reason_has_a_code_and_words_in_every_language(champion: str, bundles: Made, rows: Rows) -> None:
    bundle = load_bundle(bundles(champion))
    assert bundle.languages == ("en", "es")
    words: dict[str, set[str]] = {}
    for one in [*bundle.decide(rows), *bundle.decide_by_rule(rows)]:
        assert bundle.word_reasons(one, "en") == bundle.word_reasons(one, None) == one.reasons
        translated = bundle.word_reasons(one, "es")
        assert len(one.reason_codes) == len(translated) == len(one.reasons)
        for code, text in zip(one.reason_codes, translated, strict=True):
            words.setdefault(code, set()).add(text)
    assert words["points.too_low"] == {"Su puntuación es baja"}
    assert words["points.missing"] == {"No tiene puntuación"}
    assert all(len(texts) == 1 for texts in words.values()), "a code has one text in a language"


def test_the_rule_and_a_model_give_the_same_reason_the_same_code(bundles: Made, rows: Rows) -> None:
    bundle = load_bundle(bundles("heuristic"))
    for model, rule in zip(bundle.decide(rows), bundle.decide_by_rule(rows), strict=True):
        assert (model.reasons, model.reason_codes) == (rule.reasons, rule.reason_codes)


def test_the_bundle_says_what_test_people_would_be_told(bundles: Made, rows: Rows) -> None:
    folder = bundles("logistic")
    decided = [one for one in load_bundle(folder).decide(rows) if one.decision != "approve"]
    told = ToldReasons.read(folder / ToldReasons.NAME)
    assert told.people == len(decided)
    assert told.codes == dict(Counter(code for one in decided for code in one.reason_codes))
    assert list(told.codes.values()) == sorted(told.codes.values(), reverse=True)


@pytest.mark.parametrize("champion", list_definitions())
def test_protected_attributes_and_the_label_are_not_looked_at(champion: str, bundles: Made, rows: Rows) -> None:
    bundle = load_bundle(bundles(champion))
    other = [row | {"race": "anything", "paid": None, "more": 1} for row in rows[:50]]
    assert bundle.decide(other) == bundle.decide(rows[:50])
    assert "race" not in bundle.model.features


def test_a_reason_names_what_would_raise_the_score(bundles: Made, rows: Rows) -> None:
    """Put the first reason's features at their typical values one by one: the best of them raises the score most."""
    model = load_bundle(bundles("logistic")).model
    denied = [row for row, one in zip(rows, model.decide(rows), strict=True) if one.decision == "deny"]
    for row in denied[:10]:
        (before,) = model.decide([row])
        after = {name: model.decide([row | {name: one.typical}])[0].score for name, one in model.reasons.items()}
        best = max(after, key=lambda name: after[name])
        told = model.reasons[best]
        assert after[best] > before.score
        assert before.reasons[0] == (told.words_if_missing if row[best] is None else told.words)


def test_the_rule_stands_beside_the_model(bundles: Made, inputs: BundleInputs, rows: Rows) -> None:
    decided = load_bundle(bundles("random_forest")).decide_by_rule(rows)
    rule = load_candidate(inputs.models / "heuristic.skops", inputs.candidates / "heuristic.json")
    contract = load_bundle(bundles("random_forest")).contract
    frame = make_frame(open_table(inputs.test).read())
    assert [one.decision for one in decided] == rule.policy.decide(rule.score_frame(contract, frame)).tolist()
    assert [one.score for one in decided] == rule.score_frame(contract, frame).astype(np.float32).tolist()
    assert {(one.decision, one.reasons, one.decided_by) for one in decided} == {
        ("approve", (), "rule"),
        ("deny", ("Your credit score",), "rule"),
        ("refer", ("You have no credit score",), "rule"),
    }


def test_the_rule_as_champion_says_the_same_as_the_rule_beside_it(bundles: Made, rows: Rows) -> None:
    """To the last digit: one applicant had 0.23076923191 by its ONNX and 0.23076923076 where it stood in."""
    bundle = load_bundle(bundles("heuristic"))
    assert bundle.decide(rows) == bundle.decide_by_rule(rows)
    shares = np.linspace(0.0001, 0.9999, 500).tolist()
    unlike = [share for share in shares if float(np.float32(share)) != share]
    assert len(unlike) > 400, "most shares are no float32, as three of thirteen is not"
    for share in unlike[::20]:
        rule = bundle.rule.model_copy(update={"share_failed": share / 2, "share_passed": share})
        assert set(rule.score(bundle.contract, rows).tolist()) <= {
            float(np.float32(one)) for one in (share / 2, share, (share / 2 + share) / 2)
        }
        scores = rule.score(bundle.contract, [{"points": 850}]).tolist()
        assert rule.list_reasons(scores[0], 850) == (), "whoever passes is told no reason"


def test_an_application_that_the_rule_cannot_read_has_the_number_of_an_unknown_score(bundles: Made) -> None:
    bundle = load_bundle(bundles("heuristic"))
    (unknown,) = bundle.decide([dict.fromkeys(bundle.inputs)])
    assert bundle.refer_unread().score == unknown.score


def test_the_rule_reads_the_score_only(bundles: Made) -> None:
    bundle = load_bundle(bundles("logistic"))
    assert bundle.decide_by_rule([{"points": 300}])[0].decision == "deny"
    with pytest.raises(CreditError, match="points: found nothing"):
        bundle.decide_by_rule([{}])


def test_a_denial_without_a_reason_goes_to_an_analyst(bundles: Made, tmp_path: Path) -> None:
    """Somebody at every typical value, under a policy that denies everybody."""
    made = bundles("logistic")
    files = {path.name: path.read_bytes() for path in made.iterdir() if path.name != "manifest.json"}
    files["policy.json"] = b'{"approve_from": 2, "refer_from": 1.5}'
    manifest = load_bundle(made).manifest
    write_bundle(tmp_path / "b", manifest.dataset, manifest.candidate, manifest.agreement, files)
    bundle = load_bundle(tmp_path / "b")
    typical = {name: told.typical for name, told in bundle.model.reasons.items()}
    (decided,) = bundle.decide([typical])
    assert (decided.decision, decided.reasons) == ("refer", ())
    assert bundle.decide([typical | {"income": 0.0}])[0][0] == "deny"


def test_files_that_do_not_fit_together_are_refused(bundles: Made, tmp_path: Path) -> None:
    made = bundles("logistic")
    files = {path.name: path.read_bytes() for path in made.iterdir() if path.name != "manifest.json"}
    files["model.onnx"] = (bundles("heuristic") / "model.onnx").read_bytes()
    manifest = load_bundle(made).manifest
    write_bundle(tmp_path / "b", manifest.dataset, manifest.candidate, manifest.agreement, files)
    with pytest.raises(CreditError, match="features of another contract, model or reasons"):
        load_bundle(tmp_path / "b")


def test_a_bundle_of_older_code_names_its_candidate_without_its_words(bundles: Made, tmp_path: Path) -> None:
    made = bundles("random_forest")
    assert load_bundle(made).label == "random forest"
    files = {path.name: path.read_bytes() for path in made.iterdir() if path.name != "manifest.json"}
    del files["candidate.json"]
    manifest = load_bundle(made).manifest
    write_bundle(tmp_path / "b", manifest.dataset, "some_model", manifest.agreement, files)
    assert load_bundle(tmp_path / "b").label == "some model"


def test_a_bundle_decides_without_scikit_learn_pandas_or_pickle(bundles: Made, rows: Rows) -> None:
    program = """
import json, pickle, sys
from pathlib import Path
def never(*_, **__):
    raise AssertionError("a pickle was loaded")
pickle.load = pickle.loads = pickle.Unpickler = never
from credit.bundle.bundle import load_bundle
bundle = load_bundle(Path(sys.argv[1]))
rows = json.load(sys.stdin)
told = [bundle.decide(rows), bundle.decide_by_rule(rows)]
unwanted = {"sklearn", "pandas", "scipy", "skops", "joblib", "pyarrow", "onnx", "skl2onnx", "dvc"}
print(json.dumps({"told": told, "unwanted": sorted(unwanted & sys.modules.keys())}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(bundles("random_forest"))],
        input=json.dumps(rows[:20]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    found = json.loads(done.stdout)
    assert found["unwanted"] == []
    bundle = load_bundle(bundles("random_forest"))
    assert found["told"] == json.loads(json.dumps([bundle.decide(rows[:20]), bundle.decide_by_rule(rows[:20])]))


def test_many_threads_decide_as_one(bundles: Made, rows: Rows) -> None:
    from concurrent.futures import ThreadPoolExecutor

    bundle = load_bundle(bundles("random_forest"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: bundle.decide([row])[0], rows * 3))
    assert found == bundle.decide(rows) * 3


def rewrite_bundle(made: Path, folder: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write a bundle again with other files."""
    files = {path.name: path.read_bytes() for path in made.iterdir() if path.name != "manifest.json"}
    change(files)
    manifest = load_bundle(made).manifest
    write_bundle(folder, manifest.dataset, manifest.candidate, manifest.agreement, files)
    return folder


@pytest.mark.parametrize("champion", list_definitions())
def test_a_bundle_from_before_there_were_rules_of_reasons_tells_what_it_told(
    champion: str, bundles: Made, rows: Rows, tmp_path: Path
) -> None:
    """Its decisions are in the log, and replay must find them: four reasons, each feature for itself, any rise."""
    old = load_bundle(rewrite_bundle(bundles(champion), tmp_path / "b", lambda files: files.pop("reason_rules.json")))
    assert old.model.rules == ReasonRules()
    names = list(old.model.reasons)
    for row, decided in zip(rows, old.decide(rows), strict=True):
        if decided.decision == "approve":
            continue
        what_if = old.model.encoder([row | {name: old.model.reasons[name].typical} for name in names])
        rises = np.round(old.model.score(what_if) - old.model.score(old.model.encoder([row])), 6)
        order = [names[i] for i in np.argsort(-rises, kind="stable") if rises[i] > 0]
        words = [getattr(old.model.reasons[n], "words_if_missing" if row[n] is None else "words") for n in order]
        assert decided.reasons == tuple(dict.fromkeys(words))[:4]


@pytest.mark.parametrize(
    "rules",
    [
        '{"clusters": [["income", "wealth"]]}',
        '{"clusters": [["income", "home"], ["home", "self"]]}',
        '{"better_above": ["wealth"]}',
        '{"better_below": ["home"]}',
    ],
)
def test_rules_about_other_features_are_refused(rules: str, bundles: Made, tmp_path: Path) -> None:
    folder = rewrite_bundle(
        bundles("logistic"), tmp_path / "b", lambda files: files.update({"reason_rules.json": rules.encode()})
    )
    with pytest.raises(CreditError, match="features of another contract, model or reasons"):
        load_bundle(folder)


@pytest.mark.parametrize("champion", list_definitions())
def test_a_bundle_has_the_rules_that_its_training_rows_give(champion: str, bundles: Made, inputs: BundleInputs) -> None:
    model = load_bundle(bundles(champion)).model
    typical = {name: one.typical for name, one in model.reasons.items()}
    assert model.rules == find_reason_rules(model.score, model.contract, typical, inputs.train)
    assert model.rules.smallest_share == 0.1
    if champion == "logistic":  # as the people were made: income, points and the first bureau figure raise the odds
        assert {"income", "points", "bureau_1"} <= set(model.rules.better_above)
        assert "self" not in model.rules.better_above
