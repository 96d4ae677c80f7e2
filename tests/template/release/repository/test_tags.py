"""Tags as the registry: GTO and we read the same, lightweight ones do not count, git and the ledger find together."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import ARTIFACT, parse_version
from credit.registry.store import Store
from release.__main__ import main
from release.commands import gc
from release.commands.sync import follow_tags
from release.deployment import plan
from release.deployment.apply import apply_change
from release.deployment.change import ANY, Attribution, Condition
from release.deployment.sync_plan import plan_sync
from release.deployment.way_back import read_current_entry
from release.registration.publish import find_published, parse_digest
from release.repository import tags
from release.repository.next_version import choose_bump
from testing.releases import WHY, deploy_versions

V1, V2, V3 = map(parse_version, ("v1.0.0", "v1.1.0", "v2.0.0"))


def by_gto(run: Callable[..., str]) -> str | None:
    """What GTO says is in prod."""
    told: dict[str, Any] = json.loads(run("gto", "show", "--json"))
    stages = told[ARTIFACT].get("stage", {})
    in_prod: list[str] | str | None = stages.get("prod")
    return in_prod[0] if isinstance(in_prod, list) else in_prod


def ours() -> str | None:
    event = tags.find_live_event(tags.read_registry().list_events("prod"))
    return str(event.version) if event else None


def test_what_gto_registers_is_what_we_read(run: Callable[..., str]) -> None:
    registry = tags.read_registry()
    assert sorted(registry.versions) == [V1, V2, V3]
    tag = tags.require_tag(registry, V2)
    assert tag.commit == run("git", "rev-parse", "HEAD~1").strip()
    assert (tag.tagger, tag.message) == ("modeler@example.org", "about v1.1.0")


def test_gto_and_we_agree_on_what_is_live_after_assignments_and_withdrawals(run: Callable[..., str]) -> None:
    assign = ("gto", "assign", ARTIFACT, "--stage", "prod", "--force", "--version")
    withdraw = ("gto", "deprecate", ARTIFACT)
    steps = [(*assign, "v1.0.0"), (*assign, "v1.1.0"), (*withdraw, "v1.1.0", "prod"), (*assign, "v2.0.0")]
    steps += [(*assign, "v1.0.0"), (*withdraw, "v1.0.0", "prod"), (*withdraw, "v2.0.0", "prod")]
    seen = []
    for step in steps:
        time.sleep(1.1)  # GTO dates its tags by the clock, in seconds, and takes either of two of the same second
        run(*step)
        assert ours() == by_gto(run), step
        seen.append(ours())
    assert seen == ["v1.0.0", "v1.1.0", "v1.0.0", "v2.0.0", "v1.0.0", "v2.0.0", None]


def test_our_assignment_is_one_to_gto(run: Callable[..., str], three: Store) -> None:
    (first, second) = deploy_versions(three, "v1.0.0", "v2.0.0")
    assert tags.assign_version(three, "prod", first) == f"{ARTIFACT}#prod#1"
    assert tags.assign_version(three, "prod", second) == f"{ARTIFACT}#prod#2"
    assert tags.assign_version(three, "prod", second) == f"{ARTIFACT}#prod#2", "once per entry"
    assert by_gto(run) == ours() == "v2.0.0"
    message = run("git", "cat-file", "tag", f"{ARTIFACT}#prod#2")
    assert "ledger: prod 2" in message


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (["git", "tag", f"{ARTIFACT}@v9.0.0"], "a lightweight tag"),
        (["true"], r"no such tag \(versions: v1\.0\.0, v1\.1\.0, v2\.0\.0\)"),
        (["git", "tag", "-a", "-m", "m", f"{ARTIFACT}@v9.0.0", "HEAD^{tree}"], "a lightweight tag|no such tag"),
    ],
)
def test_a_tag_that_registers_nothing_is_refused_with_the_reason(
    run: Callable[..., str], made: list[str], said: str
) -> None:
    run(*made)
    with pytest.raises(CreditError, match=said):
        tags.require_tag(tags.read_registry(), parse_version("v9.0.0"))


def test_the_digest_is_the_line_that_register_wrote_not_one_in_a_persons_message() -> None:
    said = f"as before\ndigest: {'0' * 64}\n\ndigest: {'1' * 64}"
    assert parse_digest(tags.Tag("credit-model@v1.0.0", "c", "m", "", said)) == "1" * 64


def test_a_withdrawn_version_is_refused(run: Callable[..., str]) -> None:
    run("gto", "deprecate", ARTIFACT, "v1.1.0")
    with pytest.raises(CreditError, match="is withdrawn"):
        tags.require_tag(tags.read_registry(), V2)
    assert tags.require_tag(tags.read_registry(), V1)


def synced(store: Store, when: Condition = ANY) -> list[str]:
    """What `release sync --apply` does without origin; a line per thing done."""
    done = []
    for one in plan_sync(store):
        done += [
            f"{one.environment} {entry.number} {tags.assign_version(store, one.environment, entry)}"
            for entry in one.untagged
        ]
        if (change := follow_tags(store, one, "tester", when)) and apply_change(store, change):
            done.append(f"{one.environment} follows")
    return done


def test_sync_tags_what_was_rolled_back_without_git_and_then_has_nothing_to_do(
    run: Callable[..., str], three: Store
) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    apply_change(three, plan.plan_rollback(Ledger(three, "prod"), WHY))
    assert synced(three) == [f"prod {n} {ARTIFACT}#prod#{n}" for n in (1, 2, 3)]
    assert by_gto(run) == "v1.0.0"
    assert synced(three) == []


def test_an_environment_follows_a_withdrawal_by_hand(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    synced(three)
    run("gto", "deprecate", ARTIFACT, "v2.0.0", "prod")
    assert synced(three) == ["prod follows"]
    newest = read_current_entry(three, "prod")
    assert (newest.kind, newest.version, newest.tag) == ("rollback", "v1.0.0", f"{ARTIFACT}#prod!#3")
    assert newest.actor == "modeler@example.org"
    assert synced(three) == []
    run("gto", "deprecate", ARTIFACT, "v1.0.0", "prod")
    assert synced(three) == ["prod follows"]
    assert read_current_entry(three, "prod").kind == "fallback", "all are withdrawn, so the rule decides"
    assert synced(three) == []


def test_an_environment_follows_an_assignment_by_hand(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0")
    synced(three)
    run("gto", "assign", ARTIFACT, "--version", "v2.0.0", "--stage", "prod", "--message", "by hand")
    assert synced(three) == ["prod follows"]
    newest = read_current_entry(three, "prod")
    assert (newest.kind, newest.version, newest.reason) == ("deploy", "v2.0.0", f"git tag {ARTIFACT}#prod#2: by hand")
    made = apply_change(three, plan.plan_rollback(Ledger(three, "prod"), WHY))
    assert made is not None
    assert made.version == "v1.0.0"


def test_a_tag_by_hand_from_before_a_rollback_without_git_does_not_undo_it(
    run: Callable[..., str], three: Store
) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    synced(three)
    run("gto", "assign", ARTIFACT, "--version", "v1.1.0", "--stage", "prod")
    apply_change(three, plan.plan_rollback(Ledger(three, "prod"), WHY))
    assert synced(three) == [f"prod 3 {ARTIFACT}#prod#4"]
    assert read_current_entry(three, "prod").version == by_gto(run) == "v1.0.0"
    assert synced(three) == []


def test_the_kill_switch_is_not_undone_by_tags_that_were_there(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    synced(three)
    apply_change(three, plan.plan_fallback(Ledger(three, "prod"), Attribution("headline", "on call")))
    assert synced(three) == []
    assert read_current_entry(three, "prod").kind == "fallback"


def test_the_kill_switch_is_not_undone_by_a_tag_by_hand_from_before_it(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    synced(three)
    run("gto", "assign", ARTIFACT, "--version", "v1.1.0", "--stage", "prod")
    apply_change(three, plan.plan_fallback(Ledger(three, "prod"), Attribution("headline", "on call")))
    assert [event.tag.name for event in plan_sync(three)[1].overtaken] == [f"{ARTIFACT}#prod#3"]
    assert synced(three) == []
    assert read_current_entry(three, "prod").kind == "fallback"
    later = f"GIT_COMMITTER_DATE={int(time.time()) + 5} +0000"
    run("env", later, "git", "tag", "-a", "-m", "m", f"{ARTIFACT}#prod#4", f"{V1.tag}^{{commit}}")
    with pytest.raises(CreditError, match="the kill switch is pulled"):
        synced(three)
    lifts = Condition(after_rule=True)
    assert synced(three, lifts) == ["prod follows"], "one from after it counts, for who lifts the switch"
    assert read_current_entry(three, "prod").version == "v1.0.0"


def test_a_tag_where_no_version_is_registered_moves_nothing(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0")
    synced(three)
    apply_change(three, plan.plan_fallback(Ledger(three, "prod"), WHY))
    run("git", "commit", "--quiet", "--allow-empty", "--message", "no version")
    later = f"GIT_COMMITTER_DATE={int(time.time()) + 5} +0000"
    run("env", later, "git", "tag", "-a", "-m", "m", f"{ARTIFACT}#prod#2")
    assert synced(three) == []
    assert read_current_entry(three, "prod").kind == "fallback"


def test_an_entry_that_can_have_no_tag_does_not_stop_what_comes_after_it(
    run: Callable[..., str], three: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE_STORE", three.url)
    deploy_versions(three, "v1.1.0", environment="staging")
    deploy_versions(three, "v1.0.0")
    run("gto", "deprecate", ARTIFACT, "v1.1.0")
    with pytest.raises(SystemExit) as left:
        main(["sync", "--no-fetch"])
    told = capsys.readouterr().out
    assert left.value.code == 1
    assert "problem: staging: entry 1 (deploy, v1.1.0) gets no tag" in told
    assert f"prod: entry 1 (deploy, v1.0.0) has {ARTIFACT}#prod#" in told


def test_what_is_missing_at_origin_is_pushed_and_a_tag_is_never_moved(
    run: Callable[..., str], three: Store, tmp_path: Path
) -> None:
    for entry in deploy_versions(three, "v1.0.0"):
        tags.assign_version(three, "prod", entry)
    assert tags.push_missing_tags() == [f"{ARTIFACT}#prod#1"]
    assert tags.push_missing_tags() == []
    run("git", "tag", "--force", "-a", "-m", "moved", f"{ARTIFACT}@v1.0.0", "HEAD")
    with pytest.raises(CreditError, match="git push"):
        tags.push_tag(V1.tag)
    assert "about v1.0.0" in run("git", "--git-dir", str(tmp_path / "origin.git"), "cat-file", "tag", V1.tag)


def test_gc_keeps_what_was_published_while_dvc_was_busy(
    run: Callable[..., str], three: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle that a killed publish left yesterday, published again at the worst moment."""
    assert three.folder is not None
    record = versions.require_version(three, str(V3))
    (three.folder / f"versions/{V3}.json").unlink()
    for path in (three.folder / f"bundles/{record.digest}").iterdir():
        os.utime(path, (time.time() - 86_400,) * 2)
    real = subprocess.run

    def busy(command: list[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        if "dvc" not in command:
            return real(command, **options)
        three.create(f"versions/{V3}.json", record.serialize())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", busy)
    monkeypatch.setenv("RELEASE_STORE", three.url)
    with pytest.raises(SystemExit):
        main(["gc", "--force"])
    assert versions.load_stored_bundle(three, versions.require_version(three, str(V3)))


def test_gc_removes_a_drill_that_was_killed_and_leaves_one_that_is_held(
    run: Callable[..., str], store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once more with a time of grace that is over."""
    run("dvc", "init", "--quiet")
    monkeypatch.setenv("RELEASE_STORE", store.url)
    store.create("drills/killed/environments/prod/000000000/000000001.json", b"x")

    def said(*options: str) -> str:
        with pytest.raises(SystemExit):
            main(["gc", *options])
        return capsys.readouterr().out

    assert json.loads(said("--force", "--json"))["drills"] == []
    monkeypatch.setattr(gc.find_garbage, "__defaults__", (-timedelta(seconds=5),))
    monkeypatch.setattr(gc.drop_garbage, "__defaults__", (-timedelta(seconds=5),))
    assert "would drop 1 drills that were killed more than an hour ago" in said()
    assert store.find_last_write("drills/killed")
    assert json.loads(said("--force", "--json"))["drills"] == ["killed"]
    assert store.find_last_write("drills") is None


def test_a_deploy_of_a_version_whose_record_is_not_what_the_tag_says_is_refused(
    run: Callable[..., str], three: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both to a person and to `release sync`; a tag that says the record's digest lets it through."""
    monkeypatch.setenv("RELEASE_STORE", three.url)
    there = versions.require_version(three, "v1.0.0").digest
    for version, digest in ((V1, there), (V2, "0" * 64)):
        said = f"m\n\ndigest: {digest}"
        run("git", "tag", "--force", "--annotate", "--message", said, version.tag, f"{version.tag}^{{commit}}")
    run("git", "push", "--quiet", "--force", "--tags", "origin")
    assert find_published(three, V1)
    assert find_published(three, V3), "made by GTO itself, it says none"
    for dry in ([], ["--dry-run"]):
        with pytest.raises(
            CreditError, match=r"v1\.1\.0: found digest .*expected 000000000000, which git tag"
        ) as caught:
            main(["deploy", "v1.1.0", "--env", "prod", "--reason", "r", *dry])
        assert "\n" not in str(caught.value)
    assert Ledger(three, "prod").read_newest() is None
    run("gto", "assign", ARTIFACT, "--version", "v1.1.0", "--stage", "prod")
    with pytest.raises(CreditError, match="which git tag"):
        synced(three)
    with pytest.raises(SystemExit) as left:
        main(["deploy", "v1.0.0", "--env", "prod", "--reason", "r"])
    assert left.value.code == 0


def test_what_is_put_into_a_tag_by_hand_reaches_the_ledger_as_one_line(run: Callable[..., str], three: Store) -> None:
    deploy_versions(three, "v1.0.0")
    synced(three)
    run("gto", "assign", ARTIFACT, "--version", "v2.0.0", "--stage", "prod", "--message", "by\thand\x1b[31m")
    assert synced(three) == ["prod follows"]
    assert read_current_entry(three, "prod").reason == f"git tag {ARTIFACT}#prod#2: by hand [31m"


@pytest.mark.parametrize("said", ["a\0b", "\x1b[31m", "\x7f", "\udcff"])
def test_a_reason_with_a_control_character_is_refused_before_anything_is_done(
    said: str, disk: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    for command in (["deploy", "v1.0.0"], ["rollback"]):
        with pytest.raises(SystemExit) as left:
            main([*command, "--env", "prod", "--reason", said])
        assert left.value.code == 2
        assert "expected a reason without control characters" in capsys.readouterr().err


FILES = {
    "params.yaml": "data: {contract: c}\ntrain: {policy: {budget: 1}, heuristic: {}}\nfairness: {policy: p, rules: {}}",
    "data/contracts/c.yaml": "columns: {paid: {role: label}, age: {role: feature}}",
    "reports/features.json": '{"kept": ["age"]}',
    "reports/choice.json": '{"champion": "heuristic"}',
}


@pytest.mark.parametrize(
    ("file", "old", "new", "part", "why"),
    [
        ("params.yaml", "budget: 1", "budget: 2", "major", "the policy changed"),
        ("params.yaml", "policy: p", "policy: q", "major", "the policy changed"),
        ("data/contracts/c.yaml", "columns:", "rule: {sql: age}\ncolumns:", "major", "the policy changed"),
        ("data/contracts/c.yaml", "{role: label}", "{role: label, favourable: false}", "major", "the label changed"),
        ("data/contracts/c.yaml", "{role: feature}", "{role: feature, range: [0, 1]}", "minor", "the contract changed"),
        ("reports/features.json", '["age"]', '["age", "income"]', "minor", "the features changed"),
        ("reports/choice.json", "heuristic", "logistic", "major", "the candidate changed"),
        ("params.yaml", "data:", "predict: {}\ndata:", "patch", "neither label, candidate nor policy"),
    ],
)
def test_the_bump_says_what_changed(file: str, old: str, new: str, part: str, why: str) -> None:
    assert old in FILES[file]
    after = FILES | {file: FILES[file].replace(old, new)}
    found = choose_bump(FILES.get, after.get)
    assert found.part == part
    assert why in found.why


def test_of_several_reasons_the_gravest_counts() -> None:
    after = {**FILES, "reports/features.json": '{"kept": []}', "params.yaml": FILES["params.yaml"].replace("1", "2")}
    assert choose_bump(FILES.get, after.get).part == "major"


@pytest.mark.parametrize("text", ["half [", "a line", "- a list"])
def test_a_file_that_nobody_can_read_is_one_line(text: str) -> None:
    with pytest.raises(CreditError, match=r"^params\.yaml, as committed: found no keys") as caught:
        choose_bump(FILES.get, (FILES | {"params.yaml": text}).get)
    assert "\n" not in str(caught.value)
