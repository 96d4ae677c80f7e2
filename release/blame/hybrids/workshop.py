"""Run the pipeline of a hybrid in a clone, with DVC's cache shared, and keep what came out for the next time."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, NamedTuple

import yaml

from credit.common.errors import CreditError
from credit.common.files import write_text
from credit.common.temporary import make_temporary_folder
from credit.reports.base import Count, Number, Report
from release.blame.hybrids.environments import Environment, Environments, hash_text
from release.blame.hybrids.factors import TARGET
from release.blame.hybrids.figures import ChampionFigures, read_champion_figures
from release.blame.hybrids.laid_files import LaidFiles, lay_files
from release.blame.hybrids.locks import read_lock
from release.blame.hybrids.other_people import bring_people
from release.blame.hybrids.pipeline_inputs import LOCK, PARAMS, PIPELINE, is_below
from release.blame.hybrids.recipes import Recipe
from release.compare.same_people import read_judged_table
from release.compare.sides import Sides
from release.repository.clones import run_dvc, share_settings
from release.repository.data_sources import check_source_file, find_cache
from release.repository.dvc_outputs import parse_dvc_lock
from release.repository.git import run_git


class Outcome(Report):
    """What came out of a hybrid. It is kept under a hash of all that it was made from."""

    FOLDER: ClassVar[str] = "tmp/blame"
    """Below `.dvc`, where git and DVC look for nothing."""

    seconds: Number
    figures: ChampionFigures
    judged_table: str
    """The rows that the predictions are of, in the same order."""
    outputs: dict[str, str]
    """The MD5 of every output, by path: DVC's cache has their content."""


class FolderSnapshot(NamedTuple):
    """The files of a clone, for the readers of reports."""

    name: str
    folder: Path

    def read_text(self, path: str) -> str | None:
        """Read a file; None when it is not there."""
        file = self.folder / path
        return file.read_text(encoding="utf-8") if file.is_file() else None


class Workshop:
    """Make hybrids of two commits of a source clone. `ran`: how many pipelines ran, not taken from earlier."""

    def __init__(self, source: Path, kept: Path, commits: Sides[str], environments: Environments) -> None:
        self._source, self._kept, self._commits, self._environments = source, kept, commits, environments
        self.ran: Count = 0

    def make(self, recipe: Recipe, target: str = TARGET) -> Outcome:
        """Make a hybrid down to a stage, or take its earlier outcome. Raises CreditError when it does not run."""
        files = self._lay_files(recipe)
        environment = self._environments.choose(read_lock(files))
        file = self._kept / f"{_hash_inputs(files, recipe, target, environment)}.json"
        if (kept := _read_kept(file)) is not None:
            return kept
        self.ran += 1
        with make_temporary_folder() as temporary:
            clone = temporary / "clone"
            run_git("clone", "--quiet", "--no-checkout", "--shared", str(self._source), str(clone))
            self._lay_over(clone, recipe, environment)
            outcome = self._run(clone, recipe, target, environment)
        outcome.write(file)
        return outcome

    def leave(self, recipe: Recipe, folder: Path) -> None:
        """Make a hybrid in a new folder, and leave it there to be looked at: a clone with the cache of this one."""
        run_git("clone", "--quiet", "--no-checkout", str(self._source), str(folder))
        run_git("-C", str(folder), "remote", "remove", "origin")  # it is gone when this command ends
        environment = self._environments.choose(read_lock(self._lay_files(recipe)))
        self._lay_over(folder, recipe, environment)
        own = (folder / PIPELINE).read_bytes()
        self._run(folder, recipe, TARGET, environment)
        (folder / PIPELINE).write_bytes(own)

    def _lay_files(self, recipe: Recipe) -> LaidFiles:
        return lay_files(self._source, self._commits.base, recipe.commit or self._commits.head, recipe)

    def _lay_over(self, clone: Path, recipe: Recipe, environment: Environment) -> None:
        """Check the good version out, and lay over it what the recipe takes from the bad one."""
        base, head = self._commits.base, recipe.commit or self._commits.head
        run_git("-C", str(clone), "checkout", "--quiet", "--detach", base)
        there = set(run_git("-C", str(clone), "ls-tree", "-r", "-z", "--name-only", head).split("\0"))
        taken = [path for path in recipe.paths if path in there]
        if taken:
            run_git("-C", str(clone), "checkout", "--quiet", head, "--", *taken)
        for path in set(recipe.paths) - there:
            (clone / path).unlink(missing_ok=True)
        if recipe.params is not None:
            write_text(clone / PARAMS, recipe.params)
        if not environment.has_made_results:
            (clone / LOCK).unlink(missing_ok=True)

    def _run(self, clone: Path, recipe: Recipe, target: str, environment: Environment) -> Outcome:
        """Run the stages that have changed, down to a stage."""
        start, name = time.monotonic(), recipe.name
        share_settings(clone, self._make_run_cache(environment.runs) if environment.runs else None)
        _allow_run_cache(clone / PIPELINE)
        _take_from_cache(clone, name)
        what = f"the pipeline with {name}"
        below = bring_people(clone, recipe.people, what, environment.folder) if recipe.people else [target]
        run_dvc(clone, what, "repro", *below, environment=environment.folder)  # quiet, DVC would not say why
        outputs = parse_dvc_lock((clone / LOCK).read_text(encoding="utf-8"), LOCK)
        snapshot = FolderSnapshot(name, clone)
        figures, table = read_champion_figures(snapshot), read_judged_table(snapshot)
        return Outcome(seconds=time.monotonic() - start, figures=figures, judged_table=table, outputs=outputs)

    def _make_run_cache(self, name: str) -> Path:
        """Make a cache with the files of DVC's and runs of its own: of one environment only."""
        files = find_cache()[0] / "files"
        folder = self._kept / "caches" / hash_text(f"{name} {files}")  # the cache may move
        for one in (files, folder):
            one.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (folder / "files").symlink_to(files)
        return folder


_UNREAD = ("docs", "tests", "README.md", "CHANGELOG.md", ".github", ".ci")


def _hash_inputs(files: LaidFiles, recipe: Recipe, target: str, environment: Environment) -> str:
    """Hash all that the pipeline reads or starts from, results in git too, and the libraries that run it."""
    unread = _UNREAD if environment.has_made_results else (*_UNREAD, LOCK)
    read = [line for line in files.list_staged() if not is_below(line.partition("\t")[2], unread)]
    return hashlib.sha256(
        "\0".join([target, environment.description, *map(str, recipe.people), *read, ""]).encode()
    ).hexdigest()


def _read_kept(file: Path) -> Outcome | None:
    """Read an earlier outcome; None where there is none, or other code wrote it."""
    try:
        return Outcome.read(file) if file.exists() else None
    except CreditError:
        return None


def _allow_run_cache(pipeline: Path) -> None:
    """Take `persist` out: DVC keeps no run of a stage with such an output, and hybrids share most of their stages.

    In a clone that is thrown away no output has to outlive a stage that fails.
    """
    content = yaml.load(pipeline.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for stage in content["stages"].values():
        for options in _list_out_options(stage):
            options.pop("persist", None)
    write_text(pipeline, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _list_out_options(stage: dict[str, object]) -> Iterator[dict[str, object]]:
    for kind in ("outs", "metrics", "plots"):
        outs = stage.get(kind) or ()
        for out in outs if isinstance(outs, list) else ():
            if isinstance(out, dict):
                yield from (options for options in out.values() if isinstance(options, dict))


def _take_from_cache(clone: Path, name: str) -> None:
    """Bring the data, and the outputs of the good version that the cache has: the stages above a change do not run."""
    sources = {path: path.with_suffix("") for path in clone.rglob("*.dvc") if path.is_file()}
    for file in sources:
        check_source_file(file)
    with suppress(CreditError):  # outputs that the cache lacks are made again; data that it lacks are fetched
        run_dvc(clone, "the outputs", "checkout", "--quiet", "--allow-missing")
    missing = [str(file.relative_to(clone)) for file, data in sources.items() if not data.exists()]
    if missing:
        run_dvc(clone, f"the data of {name}", "fetch", "--quiet", *missing)
        run_dvc(clone, f"the data of {name}", "checkout", "--quiet", *missing)
