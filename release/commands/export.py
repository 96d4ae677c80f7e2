"""Write a published version to files: bundle archive, model card, report"""

import argparse
from pathlib import Path

from release.answer import Answer

EXAMPLE = "release export v1.2.0 dist"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and where to."""
    parser.add_argument("version", metavar="VERSION", help="a published version")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="made if need be")


def run(args: argparse.Namespace) -> Answer:
    """From the store; the report from DVC, if it is within reach."""
    from credit.registry.names import version_of
    from credit.registry.store import store_in_use
    from release.export import export

    files, why_not = export(store_in_use(), version_of(args.version), args.folder)
    lines = [*map(str, files), *([f"no report: {why_not}"] if why_not else [])]
    return Answer({"files": [str(path) for path in files], "no_report": why_not}, "\n".join(lines))
