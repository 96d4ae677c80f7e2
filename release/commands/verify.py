"""Prove that versions can still be restored byte for byte, from the DVC remote and from the store"""

import argparse

from release.answer import Answer

EXAMPLE = """release verify v1.2.0
  release verify --all"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """One version, or all."""
    parser.add_argument("version", metavar="VERSION", nargs="?", help="the newest one by default")
    parser.add_argument("--all", action="store_true", help="every registered version")


def run(args: argparse.Namespace) -> Answer:
    """Restore each into an empty place; exit code 1 when one cannot be."""
    from tqdm import tqdm

    from credit.errors import CreditError, Problem
    from credit.registry.names import version_of
    from credit.registry.store import store_in_use
    from release.prove import prove
    from release.tags import read_registry

    store, registry = store_in_use(), read_registry()
    known = sorted(registry.versions)
    versions = [version_of(args.version)] if args.version else known if args.all else known[-1:]
    if not versions:
        mend = "git fetch --force --tags brings those of the remote, release register makes one"
        raise CreditError(Problem("git tags", "no registered version", "at least one to verify", mend))
    proofs = [prove(store, registry, version) for version in tqdm(versions, "verify", unit="version", disable=None)]
    lines = []
    for proof in proofs:
        where = "DVC and the store" if proof.in_store else "DVC; it is not published"
        lines += [f"{proof.version}: cannot be restored" if proof.problems else f"{proof.version}: whole, in {where}"]
        lines += [f"  {problem}" for problem in proof.problems]
    content = {
        str(proof.version): {
            "restorable": not proof.problems,
            "digest": proof.digest,
            "in_store": proof.in_store,
            "problems": [str(problem) for problem in proof.problems],
        }
        for proof in proofs
    }
    return Answer({"versions": content}, "\n".join(lines), 1 if any(proof.problems for proof in proofs) else 0)
