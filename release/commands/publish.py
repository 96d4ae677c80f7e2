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
    from credit.registry.names import version_of
    from credit.registry.store import store_in_use
    from release.registration.publish import publish
    from release.repository.git import actor
    from release.repository.tags import read_registry, required_tag

    store, version = store_in_use(), version_of(args.version)
    if args.dry_run:
        tag = required_tag(read_registry(), version)
        there = versions.find(store, version)
        said = "is published already" if there else f"would be published from commit {tag.commit[:10]} to {store.url}"
        return Answer({"version": str(version), "published": bool(there), "dry_run": True}, f"{version} {said}")
    record, wrote = publish(store, version, actor())
    content = record.model_dump(mode="json") | {"wrote": wrote, "store": store.url}
    how = "published" if wrote else "is published already, and every byte is as it was"
    lines = [f"{version} {how}: {store.url}, digest {record.digest[:12]}"]
    lines += [f"next:  release deploy {version} --env staging --reason '...'    (nothing is live by publishing alone)"]
    return Answer(content, "\n".join(lines))
