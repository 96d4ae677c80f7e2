"""The origin of a version: signed by a key of main, on a commit of main, or refused with the reason."""

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.names import UNREGISTERED, Version, parse_version
from credit.registry.signatures import list_signatures, require_signature, store_signature
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.__main__ import main
from release.commands.key import make_pair
from release.commands.register import register_version
from release.commands.verify import choose_versions, verify_version
from release.judge.findings import Findings
from release.registration import admission
from release.registration.checks import Readiness
from release.registration.provenance import find_envelope, find_statement, load_trusted_keys, sign_version
from release.registration.publish import find_published
from release.registration.rebuild import list_differences, rebuild_from_source
from release.repository.tags import read_registry

V2, V4 = parse_version("v2.0.0"), parse_version("v4.0.0")
Run = Callable[..., str]
Publish = Callable[..., VersionRecord]


@pytest.fixture
def key(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key whose public half is on main."""
    private = tmp_path / "key.pem"
    make_pair(private, Path("keys"))
    Path(".dvc").mkdir()
    Path(".dvc/config").touch()  # all that DVC asks for
    run("git", "add", "keys", ".dvc")
    run("git", "commit", "--quiet", "--message", "The key of versions")
    run("git", "push", "--quiet", "origin", "main")
    monkeypatch.setenv("RELEASE_SIGNING_KEY", str(private))
    return private


def register(run: Run, version: Version, digest: str) -> str:
    """Register HEAD as `release register` does once everything was checked; return the commit."""
    commit = run("git", "rev-parse", "HEAD").strip()
    register_version(version, Readiness(commit, digest, [], []), "m", sign_version(version, commit, digest, True))
    return commit


def publish_signed(run: Run, publish: Publish, store: Store) -> VersionRecord:
    """Register and publish v4.0.0, signed."""
    digest = publish(Store(f"{Path.cwd().parent}/elsewhere"), "v4.0.0").digest
    commit = register(run, V4, digest)
    store_signature(store, V4, find_envelope(read_registry().versions[V4]) or b"")
    return publish(store, "v4.0.0", commit=commit)


def retag(run: Run, revision: str, message: str) -> None:
    run("git", "tag", "--force", "--annotate", "--cleanup=verbatim", "--message", message, V4.tag, revision)


def refuse(store: Store, *said: str) -> None:
    """Both `deploy` and `verify` refuse v4.0.0 and give the reason."""
    with pytest.raises(CreditError) as caught:
        find_published(store, V4)
    verified = "\n".join(map(str, verify_version(store, read_registry(), V4).problems))
    for text in said:
        assert text in str(caught.value)
        assert text in verified


def test_a_signed_version_is_deployed_and_says_which_run_made_it(
    run: Run, key: Path, publish: Publish, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "lender/model",
        "GITHUB_WORKFLOW_REF": "lender/model/.github/workflows/register.yml@refs/heads/main",
        "GITHUB_RUN_ID": "77",
        "RELEASE_ACTOR": "modeler",
        "RELEASE_APPROVER": "counsel",
    }.items():
        monkeypatch.setenv(name, value)
    record = publish_signed(run, publish, store)
    assert find_published(store, V4) == record
    tag = read_registry().versions[V4]
    statement = find_statement(store, V4, tag, record.digest)
    assert statement
    assert statement.from_source
    assert statement.maker == "https://github.com/lender/model/actions/runs/77/attempts/1"
    assert list(list_signatures(store, V4).values()) == [find_envelope(tag)]
    require_signature(store, "v4.0.0", record.digest, Path("keys"))
    for version, digest in (("v4.0.0", "d" * 64), ("v4.0.1", record.digest)):
        store_signature(store, parse_version(version), find_envelope(tag) or b"")
        with pytest.raises(CreditError, match=f"a signature of another version, expected of {version}"):
            require_signature(store, version, digest, Path("keys"))
    monkeypatch.setenv("RELEASE_STORE", store.url)
    monkeypatch.setattr(admission, "judge_commit", lambda *_: Findings())  # this repository has nothing to judge
    with pytest.raises(SystemExit) as left:
        main(["deploy", "v4.0.0", "--env", "prod", "--reason", "r", "--wait", "0"])
    assert left.value.code == 0
    entry = Ledger(store, "prod").read_entry(1)
    assert (entry.version, entry.approver) == ("v4.0.0", "counsel")


def test_a_tag_that_was_pushed_by_hand_or_changed_is_refused(
    run: Run, key: Path, publish: Publish, disk: Store
) -> None:
    """By hand, without a signature; moved to another commit with its message; its signature touched."""
    record = publish_signed(run, publish, disk)
    there = read_registry().versions[V4]
    retag(run, there.commit, f"m\n\ndigest: {record.digest}\n")
    for path in list_signatures(disk, V4):
        Path(path).unlink()
    refuse(disk, "v4.0.0: not signed: made by hand")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "another")
    run("git", "push", "--quiet", "origin", "main")
    retag(run, "HEAD", there.message)
    refuse(disk, "it was moved or made again, expected", f"commit {there.commit[:10]}", "expected one about commit")
    envelope = json.loads(find_envelope(there) or b"")
    payload = base64.b64decode(envelope["payload"]).replace(b'"fromSource":true', b'"fromSource":false')
    forged = json.dumps(envelope | {"payload": base64.b64encode(payload).decode()}).encode()
    retag(run, there.commit, f"m\n\nsignature: {base64.b64encode(forged).decode()}")
    refuse(disk, "did not make: it was changed")
    retag(run, there.commit, "m\n\nsignature: !")
    refuse(disk, "not an envelope with a signature")


def test_a_tag_on_a_branch_that_was_not_merged_is_refused(run: Run, key: Path, publish: Publish, disk: Store) -> None:
    """Signed or not, and with a key of its own that only the branch has."""
    run("git", "checkout", "--quiet", "-b", "mine")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "not reviewed")
    publish_signed(run, publish, disk)
    refuse(disk, "which is not on origin/main")
    run("git", "push", "--quiet", "origin", "mine:main")
    assert find_published(disk, V4)


def test_verify_takes_the_newest_version_of_main_and_tells_the_others(
    run: Run, key: Path, disk: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tag on a branch has any number: the highest one would keep the newest version from being verified."""
    run("git", "checkout", "--quiet", "-b", "mine")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "not reviewed")
    run("git", "tag", "--annotate", "--message", "m", "credit-model@v9.9.9")
    run("git", "checkout", "--quiet", "main")
    assert choose_versions(disk, read_registry(), everything=False) == ([V2], [parse_version("v9.9.9")])
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    with pytest.raises(SystemExit):
        main(["verify"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("v2.0.0: ")
    assert "v9.9.9: not on main" in lines
    for version in ("v1.0.0", "v1.1.0", "v2.0.0"):
        run("git", "tag", "--delete", f"credit-model@{version}")
    with pytest.raises(CreditError, match=r"git tags: no version on main, only v9\.9\.9"):
        choose_versions(disk, read_registry(), everything=False)


def test_a_key_counts_once_it_is_on_main(run: Run, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pair(tmp_path / "mine.pem", Path("keys"))
    run("git", "add", "keys")
    run("git", "commit", "--quiet", "--message", "my own key, here only")
    assert len(load_trusted_keys()) == 1
    monkeypatch.setenv("RELEASE_SIGNING_KEY", str(tmp_path / "mine.pem"))
    with pytest.raises(CreditError, match=r"found key .*, expected the private key of one in keys/ on origin/main"):
        sign_version(V4, "HEAD", "d" * 64, False)
    monkeypatch.delenv("RELEASE_SIGNING_KEY")
    with pytest.raises(CreditError, match="RELEASE_SIGNING_KEY: found not set"):
        sign_version(V4, "HEAD", "d" * 64, False)
    monkeypatch.setenv("RELEASE_SIGNING_KEY", "-----BEGIN nothing")
    with pytest.raises(CreditError, match="found not a private key"):
        sign_version(V4, "HEAD", "d" * 64, False)
    assert stat.S_IMODE((tmp_path / "mine.pem").stat().st_mode) == 0o600
    with pytest.raises(CreditError, match="may be a key in use"):
        make_pair(tmp_path / "mine.pem", Path("keys"))


def test_a_version_that_was_published_with_the_keys_of_the_store_alone_is_refused(
    run: Run, key: Path, publish: Publish, store: Store
) -> None:
    """No tag; or another bundle under the name and tag of a version."""
    publish(store, "v4.0.0")
    with pytest.raises(CreditError, match=r"credit-model@v4\.0\.0: no such tag"):
        find_published(store, V4)
    assert "no such tag" in str(verify_version(store, read_registry(), V4).problems[0])
    publish(store, UNREGISTERED)
    listed = choose_versions(store, read_registry(), everything=True).versions
    assert listed[-1] == V4
    assert parse_version(UNREGISTERED) not in listed, "what make serve published of a working tree needs no tag"
    digest = publish(Store(f"{Path.cwd().parent}/elsewhere"), "v4.0.0", "logistic").digest
    register(run, V4, digest)
    with pytest.raises(CreditError, match=f"expected {digest[:12]}, which git tag"):
        find_published(store, V4)


def test_versions_from_before_there_were_keys_are_signed_afterwards(
    run: Run, publish: Publish, disk: Store, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a signature one is refused; what is live stays live, and a rollback asks for none."""
    publish(disk, "v2.0.0", commit=read_registry().versions[V2].commit)
    with pytest.raises(CreditError, match=r"v2\.0\.0: not signed"):
        find_published(disk, V2)
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    with pytest.raises(SystemExit) as left:
        main(["sign", "v2.0.0"])
    assert left.value.code == 0
    assert find_published(disk, V2)


def test_without_a_key_on_main_nothing_is_signed_and_nothing_asked_for(run: Run, publish: Publish, disk: Store) -> None:
    publish(disk, "v2.0.0", commit=read_registry().versions[V2].commit)
    assert find_published(disk, V2)
    assert sign_version(V2, "HEAD", "d" * 64, False) is None


def test_what_is_committed_and_is_not_what_the_code_gives_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs and dvc.lock edited by hand consistently, and pushed to the cache, as a forger does."""
    run("dvc", "init", "--quiet")
    run("dvc", "remote", "add", "--default", "storage", str(tmp_path / "remote"))
    Path("raw.txt").write_text("raw\n")
    run("dvc", "add", "--quiet", "raw.txt")
    command = 'test -z "$RELEASE_SIGNING_KEY" && cp raw.txt out.txt'
    pipeline = f"stages: {{copy: {{cmd: '{command}', deps: [raw.txt], outs: [out.txt]}}}}\n"
    Path("dvc.yaml").write_text(pipeline)
    run("dvc", "repro", "--quiet")
    run("dvc", "push", "--quiet")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "honest")
    monkeypatch.setenv("RELEASE_SIGNING_KEY", "no stage sees it")
    assert rebuild_from_source("HEAD") == []
    Path("out.txt").unlink()
    Path("out.txt").write_text("forged\n")
    run("dvc", "commit", "--quiet", "--force", "copy")
    run("git", "commit", "--quiet", "--all", "--message", "forged")
    assert "up to date" in run("dvc", "status"), "DVC believes it"
    (problem,) = rebuild_from_source("HEAD")
    assert str(problem).startswith("from source, out.txt: found MD5 ")
    Path("dvc.yaml").write_text(pipeline.replace("outs:", "frozen: true, outs:"))
    run("git", "commit", "--quiet", "--all", "--message", "frozen")
    with pytest.raises(CreditError, match="found frozen: copy, expected stages that run"):
        rebuild_from_source("HEAD")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("dvc.yaml", "stages: {mine: {cmd: x, frozen: true}}", "dvc.yaml: found frozen: mine, expected"),
        (
            "dvc.yaml",
            "stages: {mine: {foreach: [a], do: {cmd: x, frozen: true}}}",
            "dvc.yaml: found frozen: mine, expected",
        ),
        ("docs/dvc.yaml", "stages: {mine: {cmd: x, frozen: true}}", "docs/dvc.yaml: found frozen: mine, expected"),
        ("docs/dvc.yaml", "stages: {mine: [", "docs/dvc.yaml: not YAML: line "),
        ("docs/dvc.yaml", "stages: {a: {cmd: x}, a: {cmd: y}}", "docs/dvc.yaml: a: duplicate key, lines 1 and 1"),
        ("params.yaml", "mine: [", "params.yaml: not YAML: line "),
    ],
)
def test_a_pipeline_that_does_not_run_or_that_nobody_can_read_is_refused_in_one_line(
    run: Run, path: str, text: str, said: str
) -> None:
    files = {"dvc.lock": "stages: {}\n", "dvc.yaml": "stages: {copy: {cmd: x}}\n", path: text}
    for name, content in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content)
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "as it is")
    with pytest.raises(CreditError) as error:
        rebuild_from_source("HEAD")
    (problem,) = error.value.problems
    assert str(problem).startswith(said)


def test_a_difference_of_any_stage_is_named() -> None:
    lock = "stages: {a: {outs: [{path: x, md5: '1'}, {path: y, md5: '2'}]}}"
    assert list_differences(lock, lock) == []
    assert [p.where for p in list_differences(lock, lock.replace("'2'", "'3'"))] == ["from source, y"]
    assert [p.where for p in list_differences(lock, "stages: {}")] == ["from source, x", "from source, y"]
