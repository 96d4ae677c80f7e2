"""Whatever happens to a file of a bundle is noticed, and told in one clear line."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.manifest import BUNDLE_FORMAT, MANIFEST_FILE, Agreement, compute_digest, verify_bundle, write_bundle
from credit.common.errors import CreditError
from credit.common.files import replace_folder

AGREEMENT = Agreement(rows=1, other_decisions=0, denied_without_reason=0)
FILES = [
    "candidate.json",
    "contract.yaml",
    "examples.json",
    "fairness_limits.json",
    "features.json",
    "heuristic.json",
    "manifest.json",
    "model.onnx",
    "model.skops",
    "policy.json",
    "reason_rules.json",
    "reason_texts.es.json",
    "reasons.json",
    "reference.json",
    "told_reasons.json",
]


@pytest.fixture
def bundle(bundles: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(bundles("logistic"), tmp_path / "bundle"))


def problem(bundle: Path) -> str:
    with pytest.raises(CreditError) as error:
        load_bundle(bundle)
    (only,) = error.value.problems
    return str(only)


def rewrite(bundle: Path, digest: bool = True, **changes: Any) -> None:
    """A manifest of somebody who knows how to make a digest."""
    content = json.loads((bundle / MANIFEST_FILE).read_text()) | changes
    content["digest"] = compute_digest(content) if digest else content["digest"]
    (bundle / MANIFEST_FILE).write_text(json.dumps(content))


def test_the_files_are_these(bundle: Path) -> None:
    assert sorted(path.name for path in bundle.iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_noticed_wherever_it_is(bundle: Path, name: str) -> None:
    path = bundle / name
    good = path.read_bytes()
    step = 1 if name == MANIFEST_FILE else max(1, len(good) // 20)
    for place in range(0, len(good), step):
        changed = bytearray(good)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(CreditError, match=name.replace(".", r"\.")):
            load_bundle(bundle)
    path.write_bytes(good)
    assert load_bundle(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert f"{name}: no such file" in problem(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named(bundle: Path, name: str) -> None:
    path = bundle / name
    path.write_bytes(path.read_bytes()[:-1])
    found = "digest mismatch" if name == "manifest.json" else "found SHA-256"
    assert f"{path}: {found}" in problem(bundle)


@pytest.mark.parametrize("name", ["more.json", ".hidden", "model.pkl"])
def test_an_extra_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_text("x")
    assert f"{name}: not in the manifest" in problem(bundle)


def test_an_extra_folder_is_named(bundle: Path) -> None:
    (bundle / "more").mkdir()
    assert "more: not in the manifest" in problem(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_link_is_refused_even_to_the_right_bytes(bundle: Path, name: str) -> None:
    (bundle / name).rename(bundle.parent / name)
    (bundle / name).symlink_to(bundle.parent / name)
    assert f"{name}: found a link, expected a file" in problem(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    (bundle / name).mkdir()
    assert f"{name}: no such file" in problem(bundle)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", ".", "", MANIFEST_FILE, "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_read(bundle: Path, name: str) -> None:
    (bundle.parent / "secret").write_text("x")
    files = json.loads((bundle / MANIFEST_FILE).read_text())["files"]
    rewrite(bundle, files=files | {name: {"sha256": "0" * 64, "bytes": 1}})
    text = json.loads((bundle / MANIFEST_FILE).read_text())
    from credit.bundle.manifest import Manifest

    (bundle / MANIFEST_FILE).write_text(Manifest.model_validate(text).serialize())
    assert "expected a plain file name, without a folder" in problem(bundle)


def test_a_bundle_of_a_newer_format_says_so_whatever_else_it_holds(bundle: Path) -> None:
    (bundle / MANIFEST_FILE).write_text(json.dumps({"format": BUNDLE_FORMAT + 1, "shape": "new"}))
    found = f"found {BUNDLE_FORMAT + 1}, expected at most {BUNDLE_FORMAT}"
    assert f"format: {found}; it is whole, and needs newer code" in problem(bundle)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"x"', '{"format": "1"}', "[" * 100_000, "\0"])
def test_a_manifest_that_is_none_is_an_error_and_no_traceback(bundle: Path, text: str) -> None:
    (bundle / MANIFEST_FILE).write_text(text)
    with pytest.raises(CreditError, match=r"manifest\.json"):
        load_bundle(bundle)


def test_another_digest_or_the_same_content_written_otherwise_is_refused(bundle: Path) -> None:
    rewrite(bundle, dataset="other", digest=False)
    assert "digest mismatch" in problem(bundle)
    rewrite(bundle, dataset="small")  # the digest is right again, the spaces are not
    assert "digest mismatch" in problem(bundle)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "no such file; run dvc checkout" in problem(tmp_path / "nowhere")


def test_every_changed_file_is_told_at_once(bundle: Path) -> None:
    (bundle / "policy.json").write_text("{}")
    (bundle / "model.onnx").write_bytes(b"")
    (bundle / "extra").write_text("")
    with pytest.raises(CreditError) as error:
        load_bundle(bundle)
    assert [Path(one.where).name for one in error.value.problems] == ["extra", "model.onnx", "policy.json"]


def test_hashes_are_verified_before_anything_else_is_read(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    (bundle / "model.skops").write_bytes(b"")  # the file that loading does not need
    for name in ("read_json", "load_contract", "load_onnx"):
        monkeypatch.setattr(f"credit.bundle.bundle.{name}", never)
    assert "model.skops" in problem(bundle)


def test_the_digest_can_be_made_by_hand(bundle: Path) -> None:
    content = json.loads((bundle / MANIFEST_FILE).read_text())
    digest = content.pop("digest")
    line = json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n"
    assert hashlib.sha256(line.encode()).hexdigest() == digest
    for name, entry in content["files"].items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == entry["sha256"]
        assert (bundle / name).stat().st_size == entry["bytes"]


def test_the_digest_depends_on_every_byte_and_name_and_on_no_order(tmp_path: Path) -> None:
    def digest(files: dict[str, bytes]) -> str:
        return write_bundle(tmp_path / "b", "d", "c", AGREEMENT, files).digest

    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    assert len({digest(f) for f in ({"a": b"1"}, {"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""})}) == 4


def test_a_bundle_takes_the_place_of_the_old_one_as_a_whole(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"old": b"1"})
    write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"new": b"2"})
    assert list(verify_bundle(tmp_path / "b").files) == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def fail_halfway(folder: Path) -> None:
    (folder / "half").write_text("half")
    raise KeyboardInterrupt


def test_a_failure_while_writing_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"old": b"1"})
    with pytest.raises(KeyboardInterrupt), replace_folder(tmp_path / "b") as temporary:
        fail_halfway(temporary)
    assert list(verify_bundle(tmp_path / "b").files) == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_failure_between_the_two_renames_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"old": b"1"})
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name.endswith(".new"):
            raise OSError("disk full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="disk full"):
        write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"new": b"2"})
    assert list(verify_bundle(tmp_path / "b").files) == ["old"]


CRASH = """
import os, sys
from pathlib import Path
from credit.bundle.manifest import Agreement, write_bundle
at, rename, seen = int(sys.argv[2]), Path.rename, [0]
def crash(path, target):
    seen[0] += 1
    if seen[0] == at:
        os._exit(9)
    return rename(path, target)
Path.rename = crash
write_bundle(Path(sys.argv[1]), "d", "c", Agreement(rows=1, other_decisions=0, denied_without_reason=0), {"new": b"2"})
os._exit(0)
"""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_after_a_crash_at_any_step_the_next_run_finds_a_whole_bundle(tmp_path: Path, at: int) -> None:
    write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"old": b"1"})
    subprocess.run([sys.executable, "-c", CRASH, str(tmp_path / "b"), str(at)], check=False, env=os.environ)
    with pytest.raises(RuntimeError), replace_folder(tmp_path / "b"):
        raise RuntimeError
    assert list(verify_bundle(tmp_path / "b").files) == (["new"] if at == 3 else ["old"])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_name_outside_of_the_bundle_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="expected a plain file name"):
        write_bundle(tmp_path / "b", "d", "c", AGREEMENT, {"../x": b""})
    assert not list(tmp_path.iterdir())
