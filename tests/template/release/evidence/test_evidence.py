"""The evidence of a version: the same bytes each time, clause by clause, and verified by one program offline."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft7Validator
from playwright.sync_api import Browser
from referencing import Registry
from referencing.jsonschema import DRAFT7

from credit.common.dates import parse_time
from credit.common.errors import CreditError
from credit.registry import names
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.commands.key import make_pair
from release.evidence.chapters import find_subject
from release.evidence.folder import make_evidence, write_evidence
from release.evidence.mapping import Clause, answer_clauses, list_places, load_place
from release.evidence.verify_folder import verify_signature
from release.registration.provenance import format_signature, sign_version
from release.repository.tags import read_registry
from testing.parts.browsers import FAINT, OUTSIDE, browser, open_pages
from testing.projects import Project, copy_project

__all__ = ["browser"]

V1 = parse_version("v1.0.0")


class Written(NamedTuple):
    """The evidence of the one version of a project, written by the command."""

    project: Project
    folder: Path
    key: Path
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def written(_finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A project that registered, published, deployed and took back a signed version, and its evidence."""
    root = tmp_path_factory.mktemp("evidence")
    project = copy_project(_finished_once, root / "of")
    project.edit("dvc.yaml", "    type: model\n", "    type: model\n    meta: {owner: Ada, tier: high}\n")
    make_pair(root / "key.pem", project.folder / "keys")
    project.run("dvc", "remote", "add", "--quiet", "--default", "storage", str(root / "remote"))
    project.run("dvc", "remote", "modify", "storage", "verify", "true")
    project.commit()
    project.run("dvc", "push", "--quiet")
    project.env |= {"RELEASE_SIGNING_KEY": str(root / "key.pem")}
    release = ["python", "-m", "release"]
    project.run(*release, "register", "--message", "first")
    project.run(*release, "deploy", "v1.0.0", "--env", "prod", "--reason", "agreed")
    project.run(*release, "rollback", "--env", "prod", "--to", "rule", "--reason", "a doubt")
    done = project.run(*release, "evidence", "v1.0.0", "--json")
    return Written(project, project.folder / "evidence/v1.0.0", root / "key.pem", json.loads(done.stdout))


def verify(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run verify.py as an examiner would: no package of ours, no network, another folder."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *options]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)


def test_every_clause_has_its_files_or_says_what_is_missing_and_none_says_compliant(written: Written) -> None:
    index = json.loads((written.folder / "index.json").read_text())
    assert index["not_found"] == []
    assert set(index["places"]) == set(list_places())
    for one in index["clauses"]:
        assert bool(one["files"]) == (one["state"] == "produced"), one
        assert bool(one["why"]) == (one["state"] != "produced"), one
        for file, digest in one["files"].items():
            assert hashlib.sha256((written.folder / file).read_bytes()).hexdigest() == digest
    assert index["decides"] == "a rule only; there is no model in this version"
    states = {one["clause"]: one for one in index["clauses"]}
    assert states["SR 26-2, development"]["state"] == "not applicable"
    assert "a purely deterministic rule is no model" in states["SR 26-2, development"]["why"]
    assert states["12 CFR 1002.9"]["state"] == "produced"
    text = "".join(path.read_text() for path in written.folder.glob("*.*")).lower()
    assert "compliant" not in text
    assert written.answer["signed"]


def test_ledger_inventory_and_decisions_are_those_of_the_version(written: Written) -> None:
    history = json.loads((written.folder / "changes/history.json").read_text())["prod"]
    assert [(one["kind"], one["reason"]) for one in history] == [("fallback", "a doubt"), ("deploy", "agreed")]
    (row,) = json.loads((written.folder / "inventory.json").read_text())
    assert (row["owner"], row["tier"], row["kind"]) == ("Ada", "high", "rule")
    assert row["status"] == "its rule decides in prod"
    decisions = json.loads((written.folder / "decisions/decisions.json").read_text())
    assert len(decisions) == 10
    assert all(one["same"] for one in decisions)
    assert len({one["decision"] for one in decisions}) > 1
    notices = (written.folder / "decisions/notices.md").read_text()
    denied = [one for one in decisions if one["decision"] == "deny"]
    assert denied
    for one in denied:
        assert one["reasons"]
        assert all(f"- {reason}" in notices for reason in one["reasons"])


def test_one_program_verifies_all_of_it_offline_and_finds_what_was_changed(written: Written, tmp_path: Path) -> None:
    with zipfile.ZipFile(written.folder.with_suffix(".0.zip")) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / "v1.0.0"
    done = verify(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    key = next((written.project.folder / "keys").glob("*.pub"))
    assert f"index.json: signed by key {key.stem}" in done.stdout
    assert f"credit-model@v1.0.0: signed by key {key.stem}" in done.stdout
    assert verify(folder, "--key", str(key)).returncode == 0
    other = make_pair(tmp_path / "other.pem", tmp_path / "keys")
    done = verify(folder, "--key", str(other))
    assert done.returncode == 1
    assert "index.dsse.json: signed by none of the keys" in done.stdout
    (folder / "model/policy.json").write_text("{}")
    (folder / "more").write_text("")
    (folder / "data/tables.json").unlink()
    said = verify(folder).stdout
    for line in ("model/policy.json: was changed", "more: not in index.json", "data/tables.json: no such file"):
        assert f"error: {line}" in said
    index = folder / "index.json"
    index.write_text(index.read_text().replace("v1.0.0", "v1.0.1"))
    said = verify(folder).stdout
    assert "index.dsse.json: it is not about index.json as it is here" in said
    assert "version.dsse.json: it is not about credit-model@v1.0.1 as it is here" in said


def test_a_version_of_a_project_with_its_own_name_is_verified_by_that_name(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program stands alone, so the index tells it the tag that the statement is about."""
    monkeypatch.chdir(written.project.folder)
    for name, value in written.project.env.items():
        monkeypatch.setenv(name, value)
    subject = find_subject(Store(".store"), read_registry(), V1, None)
    monkeypatch.setattr(names, "ARTIFACT", "loan-model")
    signed = sign_version(V1, subject.tag.commit, subject.record.digest, from_source=True)
    assert signed is not None
    tag = subject.tag._replace(name=V1.tag, message=format_signature(signed))
    content, _ = make_evidence(subject._replace(tag=tag), ["us"])
    write_evidence(content, tmp_path / "own")
    done = verify(tmp_path / "own")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "loan-model@v1.0.0: signed by key" in done.stdout


def test_a_module_that_somebody_put_beside_the_program_does_not_speak_for_it(written: Written, tmp_path: Path) -> None:
    """Called as the page says, Python looks beside the program first."""
    shutil.copytree(written.folder, tmp_path / "v")
    for name in ("json.py", "base64.py", "hashlib.py", "pathlib.py", "typing.py"):
        (tmp_path / "v" / name).write_text("print('0 problems')\nraise SystemExit(0)\n")
    command = [sys.executable, str(tmp_path / "v/verify.py")]
    done = subprocess.run(command, cwd=tmp_path / "v", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: json.py: not in index.json" in done.stdout
    assert "5 problems" in done.stdout


def test_the_same_version_and_moment_give_the_same_bytes_and_a_moment_leaves_out_what_came_later(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(written.project.folder)
    for name, value in written.project.env.items():
        monkeypatch.setenv(name, value)
    store, registry = Store(".store"), read_registry()
    content, _ = make_evidence(find_subject(store, registry, V1, None), list_places())
    assert content == {
        path.relative_to(written.folder).as_posix(): path.read_bytes()
        for path in written.folder.rglob("*")
        if path.is_file()
    }
    archive = write_evidence(content, tmp_path / "v1.0.0")
    assert archive.read_bytes() == written.folder.with_suffix(".0.zip").read_bytes()
    newest, first = json.loads(content["changes/history.json"])["prod"]
    subject = find_subject(store, registry, V1, parse_time(first["time"]))
    monkeypatch.delenv("RELEASE_SIGNING_KEY")
    then, index = make_evidence(subject, ["us"])
    assert json.loads(then["changes/live.json"])["prod"]["number"] == 1
    assert json.loads(then["incidents/rollbacks.json"]) == []
    assert json.loads(then["inventory.json"])[0]["status"] == "live in prod"
    assert list(index["places"]) == ["us"]
    assert "index.dsse.json" not in then
    assert newest["number"] == 2
    with pytest.raises(CreditError, match=r"--at: found 2020.*, expected a time after .*, when v1"):
        find_subject(store, registry, V1, parse_time("2020-01-01"))


def test_the_bill_of_materials_is_cyclonedx_with_a_model_card(written: Written) -> None:
    schemas = files("cyclonedx.schema").joinpath("_res")
    loaded = {
        name: json.loads(schemas.joinpath(f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    }
    known = Registry().with_resources((one["$id"], DRAFT7.create_resource(one)) for one in loaded.values())
    bom = json.loads((written.folder / "supply-chain/bom.cdx.json").read_text())
    problems = [error.message for error in Draft7Validator(loaded["bom-1.6"], registry=known).iter_errors(bom)]
    assert problems == []
    model = bom["metadata"]["component"]
    figures = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert [one for one in figures if one["slice"] == "race: Black" and one["type"] == "adverse_impact_ratio"]
    assert "cryptography" in {one["name"] for one in bom["components"]}
    bom["components"][0]["type"] = "nothing"
    assert list(Draft7Validator(loaded["bom-1.6"], registry=known).iter_errors(bom)), "this test can fail"


def test_the_page_reads_well_on_a_phone_and_a_desk(written: Written, browser: Browser) -> None:
    with open_pages(browser) as open_page:
        for width in (390, 1280):
            page = open_page((written.folder / "index.html").as_uri(), width)
            assert page.evaluate(OUTSIDE) == []
            assert page.evaluate(FAINT) == []
            for link in page.locator("a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))"):
                assert link.startswith("#") or (written.folder / link).is_file(), link
            if pictures := os.environ.get("PICTURES"):
                page.screenshot(path=f"{pictures}/evidence-{width}.png", full_page=True)


@pytest.mark.parametrize("name", list_places())
def test_a_mapping_is_dated_and_each_of_its_answers_is_possible(name: str) -> None:
    place = load_place(name)
    everything = {"anything"}
    for one in answer_clauses(name, place, everything, by_rule=False):
        assert one.state != "produced", "there is no file, so nothing is produced"
        assert one.why


def test_a_clause_has_one_answer() -> None:
    Clause(clause="c", asks="a", person="p")
    for answer in ({}, {"person": "p", "files": ("f",)}, {"person": "p", "not_applicable": "n"}):
        with pytest.raises(ValueError, match="one of files, person, not_applicable"):
            Clause.model_validate({"clause": "c", "asks": "a"} | answer)


def test_a_version_that_is_not_published_has_no_evidence(run: Callable[..., str], disk: Store) -> None:
    with pytest.raises(CreditError, match=r"no v1\.0\.0, nothing is published"):
        find_subject(disk, read_registry(), V1, None)


def test_the_examiners_program_and_the_library_agree_on_signatures() -> None:
    for number in range(4):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public, message = key.public_key().public_bytes_raw(), b"m" * number
        signature = key.sign(message)
        assert verify_signature(public, message, signature)
        assert not verify_signature(public, message + b"!", signature)
        assert not verify_signature(public, message, signature[:32] + bytes(32))
        assert not verify_signature(bytes(32), message, signature)
        assert not verify_signature(public, message, signature[:-1])
