"""What a version is: data, features, parameters, figures, fairness, code, who and when"""

import argparse

from release.answer import Answer

EXAMPLE = "release show v1.2.0"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The version."""
    parser.add_argument("version", metavar="VERSION", help="a version that is registered or published")


def run(args: argparse.Namespace) -> Answer:
    """From the tag if there is one here, else from the store."""
    from credit.registry.names import version_of
    from credit.registry.store import store_in_use
    from release.facts import as_text, facts_of

    content = facts_of(store_in_use(), version_of(args.version))
    return Answer(content, as_text(content))
