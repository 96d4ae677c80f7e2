"""Check git: who commits, whether origin answers, and whether both have the same tags."""

import os
import re
from collections.abc import Iterator

from credit.common.errors import CreditError
from credit.registry.names import ARTIFACT
from release.doctor.checkup import Result, State
from release.repository.git import has_origin, run_git

OLDEST_GIT = (2, 30)


def check_git() -> Iterator[Result]:
    """Check the version of git, and that commits and tags can say who made them."""
    told = run_git("version").strip()
    found = re.search(r"(\d+)\.(\d+)", told)
    is_new = found is not None and (int(found[1]), int(found[2])) >= OLDEST_GIT
    fix = "" if is_new else f"install git {'.'.join(map(str, OLDEST_GIT))} or newer"
    yield Result("git", State.OK if is_new else State.PROBLEM, told, fix)
    missing = [name for name in ("user.name", "user.email") if not _read_setting(name)]
    if missing:
        fix = " and ".join(f"git config --global {name} …" for name in missing)
        yield Result("git identity", State.PROBLEM, f"no {' and no '.join(missing)}", fix)
    else:
        yield Result("git identity", State.OK, run_git("var", "GIT_COMMITTER_IDENT").rpartition("> ")[0] + ">")


def check_origin() -> Iterator[Result]:
    """Check that origin answers, and that the tags of versions are the same here and there."""
    if not has_origin():
        fix = "git remote add origin ADDRESS, when others are to have it"
        yield Result("origin", State.NOT_CHECKED, "there is no remote origin", fix)
        return
    try:
        listed = run_git("ls-remote", "--tags", "--refs", "origin").splitlines()
    except CreditError as error:
        yield Result("origin", State.PROBLEM, str(error), "git remote -v shows its address; may you read it?")
        return
    yield Result("origin", State.OK, run_git("remote", "get-url", "origin").strip())
    pairs = (line.partition("\trefs/tags/") for line in listed)
    there = {name: digest for digest, _, name in pairs if name.startswith((f"{ARTIFACT}@", f"{ARTIFACT}#"))}
    yield from _compare_tags(there)


def _compare_tags(there: dict[str, str]) -> Iterator[Result]:
    pattern = "--format=%(refname:strip=2) %(objectname)"
    lines = run_git("for-each-ref", pattern, f"refs/tags/{ARTIFACT}@*", f"refs/tags/{ARTIFACT}#*").splitlines()
    here = dict(line.split(" ") for line in lines)
    missing = sorted(there.keys() - here.keys())
    other = sorted(name for name in there.keys() & here.keys() if there[name] != here[name])
    unpushed = sorted(here.keys() - there.keys())
    if missing or other:
        shown = ", ".join((missing + other)[:3])
        found = f"{len(missing)} of origin's are missing here, {len(other)} are others: {shown}"
        yield Result("tags of versions", State.PROBLEM, found, "git fetch --force --tags origin")
    if unpushed:
        found = f"{len(unpushed)} are here only: {', '.join(unpushed[:3])}"
        yield Result("tags of versions", State.PROBLEM, found, "git push origin --tags")
    if not (missing or other or unpushed):
        yield Result("tags of versions", State.OK, f"{len(here)}, the same here and at origin")


def _read_setting(name: str) -> str:
    """Read what git would commit as: the environment goes before the configuration, as in git itself."""
    if value := os.environ.get(f"GIT_COMMITTER_{name.partition('.')[2].upper()}"):
        return value
    try:
        return run_git("config", "--get", name).strip()
    except CreditError:
        return ""
