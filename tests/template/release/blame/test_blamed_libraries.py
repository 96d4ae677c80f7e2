"""Libraries as a factor: a small wheel changes the figure, and each side runs in an environment made from its lock."""

import base64
import hashlib
import shutil
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.blame.cause import find_cause
from release.blame.hybrids.environments import Environments, make_environment
from release.blame.hybrids.locks import describe_changes, is_installed, strip_lock
from release.blame.hybrids.workshop import Outcome
from release.blame.investigation import Question
from release.blame.versions import resolve_versions
from release.compare.sides import Sides
from testing.traceable_lender import RATIO, TraceableLender

KEPT = Path(".dvc") / Outcome.FOLDER / "environments"


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel as pip wants it; return its line of a lock."""
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in files.items()}
    record = [f"{path},sha256={base64.urlsafe_b64encode(of).decode().rstrip('=')}," for path, of in digests.items()]
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in (files | {f"{info}/RECORD": "\n".join([*record, f"{info}/RECORD,,"])}).items():
            archive.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sides[str]:
    """Write wheels of two versions, with one that brings what is installed here; pip knows no other index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    rest = write_wheel(folder, "rest", "1.0", {"rest.pth": sysconfig.get_path("purelib") + "\n"})
    versions = {"1.0": 0.0, "2.0": 0.8}
    lines = [write_wheel(folder, "burden", of, {"burden.py": f"BURDEN = {value}\n"}) for of, value in versions.items()]
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Sides(*(f"# as locked\n{rest}\n{line}\n" for line in lines))


def plant(lender: TraceableLender, locks: Sides[str]) -> None:
    """Build two versions, each in an environment of its lock; a weight that changes nothing differs too."""
    environments = Environments(KEPT.absolute(), locks.map(strip_lock))
    lender.project.edit("stages/scoring.py", "import random", "import random\nfrom burden import BURDEN")
    lender.project.edit("stages/scoring.py", "+ noise", "+ noise - BURDEN * (row['race'] == 'Black')")
    locks.map(lambda lock: environments.separate(strip_lock(lock)))
    for tag, lock in zip(("good", "bad"), locks, strict=True):
        (lender.folder / "requirements.lock").write_text(lock)
        folder = environments.choose(strip_lock(lock)).folder
        lender.project.run("dvc", "repro", "--quiet", "--force", PATH=f"{folder}/bin:{lender.project.env['PATH']}")
        lender.project.commit()
        lender.project.run("git", "tag", "--force", tag)
        lender.edit_params(lambda params: params["train"]["weights"].update(home=1.0))


def list_made() -> dict[str, int]:
    """List the environments, with the time when each was finished."""
    return {str(file): file.stat().st_mtime_ns for file in KEPT.glob("*/.made")}


def test_libraries_are_a_factor_whose_hybrids_run_in_an_environment_of_their_lock(
    lender: TraceableLender, locks: Sides[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(lender, locks)
    made = list_made()
    answer = find_cause(Question(resolve_versions("good", "bad"), (RATIO,), reseeds=2))
    (figure,) = answer.figures
    assert answer.verdict == "attributed", answer.sentence
    assert {part.factor: part.value for part in figure.parts} == {
        "params.train": 0.0,
        "libraries": pytest.approx(figure.move),
    }
    assert [of.what for of in answer.factors if of.factor == "libraries"] == [("burden 1.0 → 2.0",)]
    assert (list_made(), len(made)) == (made, 2), "they are made once"

    shutil.rmtree(KEPT)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(CreditError) as caught:
        find_cause(Question(resolve_versions("good", "bad"), (RATIO,), reseeds=2))
    assert "No module named 'burden'" in str(caught.value)
    assert "the libraries of good: cannot be installed, pip: " in str(caught.value)
    assert "PIP_FIND_LINKS" in str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "environments/of"


def test_an_environment_that_was_not_finished_is_made_anew_and_one_that_cannot_be_leaves_nothing(
    locks: Sides[str], folder: Path
) -> None:
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/half").touch()  # as of a process that was killed
    make_environment(strip_lock(locks.base), folder)
    assert list(folder.rglob("burden.py"))
    assert not (folder / "lib/half").exists()
    other = folder.with_name("other")
    with pytest.raises(CreditError, match=r"pip: .*burden==3\.0"):
        make_environment(strip_lock(locks.base).replace("burden==1.0", "burden==3.0"), other)
    with pytest.raises(CreditError, match=r"(?i)hash"):
        make_environment(locks.base.replace("sha256:", "sha256:0000")[:-4], other)
    assert not other.exists()


@pytest.mark.parametrize(
    ("lock", "installed"),
    [
        ("click=={click}", True),
        ("click=={click}  # as it is\nnothing-like-it==1.0 ; python_version < '3'", True),
        ("click=={click} \\\n    --hash=sha256:00 \\\n    --hash=sha256:11", True),
        ("--no-binary :all:\nclick=={click}", True),
        ("click==0.0.1", False),
        ("nothing-like-it==1.0", False),
        ("nothing like it", False),
        ("", False),
    ],
)
def test_a_lock_is_installed_here_when_each_library_that_this_system_needs_is(lock: str, installed: bool) -> None:
    assert is_installed(strip_lock(lock.format(click=version("click")))) is installed


def test_comments_and_line_breaks_of_a_lock_are_no_difference() -> None:
    before = "# by make lock\nclick==8.5 \\\n    --hash=sha256:00\n    # via dvc\n"
    after = "click==8.5 --hash=sha256:00  # via release\n"
    assert strip_lock(before) == strip_lock(after) == "click==8.5 --hash=sha256:00"
    assert describe_changes(Sides("a==1\nb==2", "b==3\nc==4")) == ["a 1 → none", "b 2 → 3", "c none → 4"]
