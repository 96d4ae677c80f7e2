"""Run the pipeline of a commit from source, and compare every output with the one that dvc.lock names."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import read_yaml
from release.judge.forbidden import find_frozen_stages
from release.registration.provenance import KEY_VARIABLE
from release.repository.clones import COMPUTED_HERE, clone_commit, copy_remote_config
from release.repository.data_sources import check_listing, check_source_file
from release.repository.dvc_outputs import parse_dvc_lock
from release.repository.git import run_git
from release.repository.templated_values import find_unsafe_values

_LOCK = "dvc.lock"


def rebuild_from_source(commit: str) -> list[Problem]:
    """Run every stage of a commit in an empty place, of whose cache only the sources are ours; list what differs.

    Nothing that only dvc.lock names is taken from a cache or a remote: neither tables, nor models, nor reports.
    """
    with clone_commit(commit) as clone:
        committed = (clone / _LOCK).read_text(encoding="utf-8")
        _refuse_frozen_stages(clone)
        _refuse_unsafe_values(clone)
        _fetch_sources(clone)
        _run_dvc(clone, "repro", "--quiet", "--force")
        made = (clone / _LOCK).read_text(encoding="utf-8")
        changed = run_git("-C", str(clone), "status", "--porcelain").splitlines()
    found = list_differences(committed, made)
    named = [line[3:] for line in changed if line[3:] != _LOCK]
    if named and not found:  # a file in git that no stage of dvc.lock names
        found = [Problem(f"from source, {name}", "other content", f"that of {commit[:10]}") for name in named]
    return found


def list_differences(committed: str, made: str) -> list[Problem]:
    """List the outputs that two texts of dvc.lock name by another hash, or only one of them."""
    was, now = (parse_dvc_lock(text, _LOCK) for text in (committed, made))
    fix = "what is committed is not what the code gives: dvc repro --force, look at the difference, and commit it"
    return [
        Problem(
            f"from source, {path}",
            f"MD5 {now.get(path, 'none')[:12]}",
            f"{was.get(path, 'none')[:12]}, dvc.lock's",
            fix,
        )
        for path in sorted({*was, *now})
        if was.get(path) != now.get(path)
    ]


def _refuse_frozen_stages(clone: Path) -> None:
    """Refuse `frozen` in any dvc.yaml: such a stage does not run, whatever is forced."""
    for path in sorted(clone.rglob("dvc.yaml")):
        frozen = sorted(find_frozen_stages(_read_committed(clone, path)))
        if frozen:
            found, where = f"frozen: {', '.join(frozen)}", str(path.relative_to(clone))
            raise CreditError(Problem(where, found, "stages that run", "take `frozen` out"))


def _read_committed(clone: Path, path: Path) -> Any:
    """Read YAML of a clone. Raises CreditError that names the file as the commit does."""
    try:
        return read_yaml(path)
    except CreditError as error:
        shown = [one._replace(where=one.where.removeprefix(f"{clone}/")) for one in error.problems]
        raise CreditError(shown) from None


def _refuse_unsafe_values(clone: Path) -> None:
    """Refuse values of params.yaml that a shell would read as commands of their own."""
    pipeline, params = (clone / "dvc.yaml").read_text(encoding="utf-8"), clone / "params.yaml"
    content = _read_committed(clone, params) if params.is_file() else None
    raise_if_any(find_unsafe_values(pipeline, content or {}, params.name))


def _fetch_sources(clone: Path) -> None:
    """Fetch the files that no stage makes: those with a *.dvc file of their own, each to its own place only."""
    digests = {str(path.relative_to(clone)): check_source_file(path) for path in clone.rglob("*.dvc") if path.is_file()}
    if digests:
        copy_remote_config(clone)
        _run_dvc(clone, "fetch", "--quiet", *digests)
        for file, digest in digests.items():
            check_listing(clone / ".dvc" / "cache", digest, file)
        _run_dvc(clone, "checkout", "--quiet", *digests)


def _run_dvc(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "dvc", *words]
    env = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}  # no stage may sign
    done = subprocess.run(command, cwd=folder, env=env | COMPUTED_HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["no message"]
        shown = next((line for line in lines if line.startswith(("error:", "ERROR:"))), lines[-1])
        raise CreditError(Problem(f"dvc {words[0]}, from source", shown[:300], fix="dvc repro --force says more"))
    return done.stdout.strip()
