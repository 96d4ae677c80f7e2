"""Make the manifest of Parquet files that stay where they are, so that DVC tracks one file instead of all of them."""

import sys
from pathlib import Path

import click

from credit.common import cli
from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem, run_command
from credit.data.manifest.content import Part, is_manifest, read_manifest, write_manifest
from credit.data.manifest.making import make_manifest


@click.command(
    cls=cli.AnsweringCommand,
    help=__doc__,
    epilog="Run by `make manifest`.",
)
@click.argument("source", help="a folder of Parquet files, or s3://bucket/prefix")
@click.argument("file", type=Path, help="where the manifest goes: data/raw/NAME")
def run(source: str, file: Path) -> Answer:
    """Write the manifest, and say what differs from the one before."""
    is_there = is_manifest(file)
    if file.exists() and not is_there:
        raise CreditError(Problem(str(file), "no manifest", "nothing, or one", "choose another name"))
    before = _read_parts(file) if is_there else {}
    manifest = make_manifest(source)
    write_manifest(manifest, file)
    after = {part.path: part for part in manifest.parts}
    changes = {
        "new": len(after.keys() - before.keys()),
        "changed": sum(before[path] != part for path, part in after.items() if path in before),
        "gone": len(before.keys() - after.keys()),
    }
    content = {"root": manifest.root, "parts": len(after), "rows": manifest.rows, "bytes": manifest.bytes} | changes
    told = ", ".join(f"{number:,} {word}" for word, number in changes.items())
    size = f"{len(after):,} files, {manifest.rows:,} rows, {manifest.bytes:,} bytes"
    text = f"{file}: {size} below {manifest.root}; {told}"
    return Answer(content, f"{text}\nnext: dvc add {file}")


def _read_parts(file: Path) -> dict[str, Part]:
    """Read the files of the manifest before, by their paths; none of a damaged one, which the new one replaces."""
    try:
        return {part.path: part for part in read_manifest(file).parts}
    except CreditError as error:
        print(f"warning: the manifest before is damaged: {error}", file=sys.stderr)
        return {}


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.data.manifest"))
