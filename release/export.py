"""A version as files to hand over: the bundle as one archive, its model card, and the report of its pipeline."""

import gzip
import tarfile
from pathlib import Path

from credit.errors import CreditError
from credit.registry import published
from credit.registry.names import ARTIFACT, Version
from credit.registry.store import Store
from release.tags import read_registry, required_tag

REPORT = "reports/report.html"


def export(store: Store, version: Version, folder: Path) -> tuple[list[Path], str | None]:
    """Write the files of a published version into a folder; them, and why there is no report if there is none."""
    record = published.required(store, str(version))
    folder.mkdir(parents=True, exist_ok=True)
    archive, card = folder / f"{ARTIFACT}-{version}.tar.gz", folder / "model_card.md"
    files = [archive]
    with published.fetched(store, record) as bundle:
        _pack(bundle, archive, f"{ARTIFACT}-{version}")
        if (bundle / card.name).is_file():
            card.write_bytes((bundle / card.name).read_bytes())
            files.append(card)
    try:
        (folder / "report.html").write_bytes(_report(version))
    except CreditError as error:
        return files, str(error).partition("\n")[0]
    return [*files, folder / "report.html"], None


def _pack(folder: Path, archive: Path, inside: str) -> None:
    """The same files give the same archive: no time, no owner, one order."""
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


def _report(version: Version) -> bytes:
    """The report at the version's tag, from DVC. Raises CreditError when it cannot be had."""
    from release.restore import file_at

    return file_at(required_tag(read_registry(), version).commit, REPORT)
