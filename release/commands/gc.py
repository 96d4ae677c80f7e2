"""Make room: drop what no version needs from the store and from DVC's cache

Everything that a branch or a tag, here or at origin, or the working tree needs is kept. From the store go
bundles that no version names and drills that were killed, when they are older than an hour."""

import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.identity import PROBES_PREFIX
from credit.registry.names import ARTIFACT
from credit.registry.store import CLOCK_PREFIX, Store
from release.commands.options import StoreCommand
from release.drill.rehearsal import DRILLS_PREFIX
from release.repository.git import has_origin, run_git


class CommitChain(NamedTuple):
    """The last commit of a chain, and the chain's length."""

    last: str
    length: int


def list_needed_commits() -> list[str]:
    """List the commit of every branch and every tag. Raises CreditError unless this clone has all that origin has."""
    if run_git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise CreditError(Problem("this clone", "lacks a part of the history", fix="git fetch --unshallow --tags"))
    refs = run_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes", "refs/tags")
    here = {name: commit for commit, _, name in (line.partition(" ") for line in refs.splitlines())}
    there = _list_origin_refs() if has_origin() else {}
    absent = _find_absent_refs(here, there)
    if absent:
        shown = ", ".join(name.removeprefix("refs/") for name in absent[:3])
        found = f"lacks what origin has: {shown}" + (" and more" if len(absent) > 3 else "")
        raise CreditError(Problem("this clone", found, fix="git fetch --force --tags origin"))
    return sorted({run_git("rev-parse", "HEAD").strip(), *here.values(), *there.values()})


def chain_commits(commits: list[str]) -> CommitChain:
    """Chain the trees of commits into one line. No branch and no tag leads to it, so `git gc` removes it again.

    `dvc gc --all-branches` keeps what the branches of this clone need, and no branch that is at origin only. It takes
    one more commit and a number of commits before it.
    """
    output = run_git("cat-file", "--batch-check", stdin="".join(f"{commit}^{{tree}}\n" for commit in commits))
    trees = sorted({words[0] for line in output.splitlines() if (words := line.split())[1] == "tree"})
    me = ("-c", "user.name=release gc", "-c", "user.email=release@localhost")
    last: list[str] = []
    for tree in trees:
        parent = ["-p", *last] if last else []
        last = [run_git(*me, "commit-tree", *parent, "-m", "what dvc gc keeps", tree).strip()]
    return CommitChain(last[0], len(trees))


def _find_absent_refs(here: Collection[str], there: Mapping[str, str]) -> list[str]:
    """Find the refs of origin whose object this clone lacks, and the artifact's tags that it does not have by name."""
    kinds = zip(there, _list_object_types(there.values()), strict=True)
    absent = {name for name, kind in kinds if kind == "missing"}
    return sorted(absent | {name for name in there if name.startswith(f"refs/tags/{ARTIFACT}") and name not in here})


def _list_origin_refs() -> dict[str, str]:
    """List what the branches and tags of origin lead to, by their full names."""
    lines = run_git("ls-remote", "--heads", "--tags", "origin").splitlines()
    named = (line.partition("\t") for line in lines)
    return {name.removesuffix("^{}"): found for found, _, name in named}  # an annotated tag is told before its commit


def _list_object_types(objects: Iterable[str]) -> list[str]:
    """List the type of each object, such as commit, or missing."""
    output = run_git("cat-file", "--batch-check=%(objecttype)", stdin="".join(f"{one}\n" for one in objects))
    return [line.split()[-1] for line in output.splitlines()]


class Garbage(NamedTuple):
    """Leftovers of killed commands: digests of bundles that no version names, and names of drills.

    `kept`: the digests of all other bundles.
    """

    digests: list[str]
    kept: list[str]
    drills: list[str]

    @property
    def prefixes(self) -> list[str]:
        """Their places in the store."""
        return [
            *(f"bundles/{digest}" for digest in self.digests),
            *(f"{DRILLS_PREFIX}/{drill}" for drill in self.drills),
        ]


_PASSING_PREFIXES = (versions.GARBAGE_PREFIX, versions.PUBLISHING_PREFIX, PROBES_PREFIX)

GRACE_PERIOD = timedelta(hours=1)
"""How long what looks left behind is left alone: somebody may be publishing it, or rehearsing there, right now."""


def find_garbage(store: Store, grace: timedelta = GRACE_PERIOD) -> Garbage:
    """Find what no version in the store names. Raises CreditError for an unreadable record: it may name anything."""
    before = datetime.now(UTC) - grace
    busy = {  # before the records: who is not announced any more then has its record now
        name
        for name in store.list_children(versions.PUBLISHING_PREFIX)[0]
        if (touched := store.find_last_write(f"{versions.PUBLISHING_PREFIX}/{name}")) and touched >= before
    }
    records = [versions.find_version(store, version) for version in versions.list_versions(store)]
    needed = {record.digest for record in records if record}
    folders, _ = store.list_children("bundles")
    dropped = [
        name
        for name in folders
        if name not in needed and name not in busy and _is_older(store, f"bundles/{name}", before)
    ]
    drills = [
        name for name in store.list_children(DRILLS_PREFIX)[0] if _is_older(store, f"{DRILLS_PREFIX}/{name}", before)
    ]
    return Garbage(dropped, [name for name in folders if name not in dropped], drills)


def drop_garbage(store: Store, grace: timedelta = GRACE_PERIOD) -> Garbage:
    """Drop what no version names. A publish that resumes at the same moment sees the mark, or is left alone."""
    marks = [f"{versions.GARBAGE_PREFIX}/{digest}/{uuid4().hex}" for digest in find_garbage(store, grace).digests]
    for mark in marks:
        store.create(mark, b"")
    garbage = find_garbage(store, grace)  # once the mark is there: who began before it is seen now
    for place in [*garbage.prefixes, *marks, *_list_stale_places(store, datetime.now(UTC) - grace)]:
        store.delete(place)
    return garbage


def _list_stale_places(store: Store, moment: datetime) -> list[str]:
    """List the marks, probes and announcements that killed commands left."""
    places = [f"{prefix}/{name}" for prefix in _PASSING_PREFIXES for name in store.list_children(prefix)[0]]
    return [place for place in [*places, CLOCK_PREFIX] if _is_older(store, place, moment)]


def _is_older(store: Store, place: str, moment: datetime) -> bool:
    touched = store.find_last_write(place)
    return touched is not None and touched < moment


EPILOG = """example:
  release gc              says what it would drop
  release gc --force       drops it
  release gc --force --cloud   from the DVC remote too"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.option("--force", is_flag=True, help="drop; without it nothing is changed")
@click.option("--cloud", is_flag=True, help="drop from the default DVC remote too")
def run(force: bool, cloud: bool) -> Answer:
    """Keep what any tag, any branch, here and at origin, or the working tree needs."""
    store = open_store()
    needed = chain_commits(list_needed_commits())
    garbage = find_garbage(store)
    dvc_lines = _run_dvc_gc(needed, cloud, force)
    if force:
        garbage = drop_garbage(store)  # found once more: somebody may have published one of them while DVC was busy
    content = {"dry_run": not force, "store": garbage.digests, "kept": garbage.kept}
    content |= {"drills": garbage.drills, "dvc": dvc_lines}
    return Answer(content, "\n".join(_format_garbage(garbage, dvc_lines, force)))


def _run_dvc_gc(needed: CommitChain, cloud: bool, force: bool) -> list[str]:
    """Drop from DVC's cache what no needed commit names, with `cloud` from its remote too; returns what DVC prints."""
    command = ["gc", "--workspace", "--rev", needed.last, "--num", str(needed.length)]
    command += [*(["--cloud"] if cloud else []), "--force" if force else "--dry"]
    done = subprocess.run([sys.executable, "-m", "dvc", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CreditError(Problem("dvc gc", f"failed: {' '.join(done.stderr.split())[-300:]}"))
    return [line for line in done.stdout.splitlines() if line.strip()]


def _format_garbage(garbage: Garbage, dvc_lines: list[str], dropped: bool) -> list[str]:
    did = "dropped" if dropped else "would drop"
    lines = [f"store: {did} {len(garbage.digests)} bundles that no version names, kept {len(garbage.kept)}"]
    if garbage.drills:
        lines += [f"store: {did} {len(garbage.drills)} drills that were killed more than an hour ago"]
    lines += [f"DVC:   {line}" for line in dvc_lines]
    return lines if dropped else [*lines, "next:  release gc --force"]
