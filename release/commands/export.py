"""Write a published version to files: bundle archive, model card, report"""

import gzip
import tarfile
from pathlib import Path
from typing import Any

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.names import ARTIFACT, Version, parse_version
from credit.registry.store import Store
from release.commands.options import StoreCommand
from release.deployment.change import FALLBACK_TARGET, PREVIOUS_TARGET, parse_target
from release.registration.github_release import attach_files
from release.repository.dvc_outputs import pull_file
from release.repository.git import is_in_repository, run_git
from release.repository.tags import read_registry, require_tag

REPORT_PATH, CARD = "reports/report.html", "model_card.md"


def export_version(store: Store, version: Version, folder: Path) -> tuple[list[Path], str | None]:
    """Write the files of a published version into a folder; returns them, and why the report is missing."""
    record = versions.require_version(store, str(version))
    if not folder.exists():
        folder.mkdir(parents=True)
        _hide_from_git(folder)
    archive, card = folder / f"{ARTIFACT}-{version}.tar.gz", folder / CARD
    files = [archive]
    with versions.fetch_temporarily(store, record) as bundle:
        _pack_archive(bundle, archive, f"{ARTIFACT}-{version}")
        if (bundle / card.name).is_file():
            card.write_bytes((bundle / card.name).read_bytes())
            files.append(card)
    try:
        (folder / "report.html").write_bytes(_pull_report(version))
    except CreditError as error:
        return files, str(error).partition("\n")[0]
    return [*files, folder / "report.html"], None


def _hide_from_git(folder: Path) -> None:
    """Keep a new folder in the tree of this repository from being a change that `release check` refuses."""
    if is_in_repository() and folder.resolve().is_relative_to(Path(run_git("rev-parse", "--show-toplevel").strip())):
        (folder / ".gitignore").write_text("*\n")


def _pack_archive(folder: Path, archive: Path, inside: str) -> None:
    """Pack a folder into an archive; the same files give the same bytes: no time, no owner, one order."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted(folder.iterdir()):
            member = tarfile.TarInfo(f"{inside}/{path.name}")
            member.size = path.stat().st_size
            member.mode = 0o644
            with path.open("rb") as content:
                tar.addfile(member, content)


def _pull_report(version: Version) -> bytes:
    """Pull the report at the version's tag from DVC. Raises CreditError when DVC does not have it."""
    return pull_file(require_tag(read_registry(), version).commit, REPORT_PATH)


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release export v1.2.0 dist")
@click.argument("version", help="a published version")
@click.argument("folder", type=click.Path(path_type=Path), help="made if need be")
@click.option("--attach", is_flag=True, help="to its release on GitHub too; `previous` and `rule` have none")
def run(version: str, folder: Path, attach: bool) -> Answer:
    """Export from the store; the report from DVC, if it is within reach."""
    target = parse_target(version)
    if attach and target in (PREVIOUS_TARGET, FALLBACK_TARGET):
        nothing: dict[str, Any] = {"files": [], "no_report": None, "attached_to": None}
        return Answer(nothing, f"nothing to attach: {target} is no version")
    wanted = parse_version(target)
    tag = require_tag(read_registry(), wanted).name if attach else None
    files, why_not = export_version(open_store(), wanted, folder)
    if tag is not None:
        attach_files(tag, files, next((path for path in files if path.name == CARD), None))
    notes = [f"no report: {why_not}" if why_not else "", f"attached to {tag}" if tag else ""]
    content = {"files": [str(path) for path in files], "no_report": why_not, "attached_to": tag}
    return Answer(content, "\n".join([*map(str, files), *filter(None, notes)]))
