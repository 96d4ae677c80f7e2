"""Put the bundle of a version into the store, once"""

import argparse

from credit.common.cli import Answer

EXAMPLE = "release publish v1.2.0"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The version."""
    from release.commands.options import add_dry_run

    parser.add_argument("version", metavar="VERSION", help="a registered version, such as v1.2.0")
    add_dry_run(parser)


def run(args: argparse.Namespace) -> Answer:
    """Publishing what is published already is no error; publishing something else under its name is one."""
    from credit.registry import versions
    from credit.registry.names import parse_version
    from credit.registry.store import open_store
    from release.registration.publish import publish_version
    from release.repository.git import find_actor
    from release.repository.tags import read_registry, require_tag

    store, version = open_store(), parse_version(args.version)
    if args.dry_run:
        tag = require_tag(read_registry(), version)
        there = versions.find_version(store, version)
        said = "is published already" if there else f"would be published from commit {tag.commit[:10]} to {store.url}"
        return Answer({"version": str(version), "published": bool(there), "dry_run": True}, f"{version} {said}")
    record, wrote = publish_version(store, version, find_actor())
    content = record.model_dump(mode="json") | {"wrote": wrote, "store": store.url}
    how = "published" if wrote else "is published already, and every byte is as it was"
    lines = [f"{version} {how}: {store.url}, digest {record.digest[:12]}"]
    lines += [f"next:  release deploy {version} --env staging --reason '...'    (nothing is live by publishing alone)"]
    return Answer(content, "\n".join(lines))
