"""Make room: drop what no version needs from the store and from DVC's cache

Kept is what any branch and any tag needs, here and at origin, and what the working tree needs. From the store go
bundles that no version names and drills that were killed, when they are older than an hour."""

import argparse

from release.answer import Answer

EXAMPLE = """release gc              says what it would drop
  release gc --force       drops it
  release gc --force --cloud   from the DVC remote too"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing is dropped without --force."""
    parser.add_argument("--force", action="store_true", help="drop; without it nothing is changed")
    parser.add_argument("--cloud", action="store_true", help="drop from the default DVC remote too")


def run(args: argparse.Namespace) -> Answer:
    """Keep what any tag, any branch, here and at origin, or the working tree needs."""
    import subprocess
    import sys

    from credit.errors import CreditError, Problem
    from credit.registry.store import store_in_use
    from release.collect import unneeded
    from release.needed import in_line, needed

    keep = in_line(needed())
    store = store_in_use()
    found = unneeded(store)
    command = ["gc", "--workspace", "--rev", keep.last, "--num", str(keep.length)]
    command += [*(["--cloud"] if args.cloud else []), "--force" if args.force else "--dry"]
    done = subprocess.run([sys.executable, "-m", "dvc", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CreditError(Problem("dvc gc", " ".join(done.stderr.split())[-300:], "it to succeed"))
    if args.force:
        found = unneeded(store)  # once more: somebody may have published one of them while DVC was busy
        for place in found.places:
            store.delete(place)
    did = "dropped" if args.force else "would drop"
    told = [line for line in done.stdout.splitlines() if line.strip()]
    lines = [f"store: {did} {len(found.digests)} bundles that no version names, kept {len(found.kept)}"]
    lines += [f"store: {did} {len(found.drills)} drills that were killed more than an hour ago"] if found.drills else []
    lines += [f"DVC:   {line}" for line in told]
    lines += [] if args.force else ["next:  release gc --force"]
    content = {"dry_run": not args.force, "store": found.digests, "kept": found.kept}
    content |= {"drills": found.drills, "dvc": told}
    return Answer(content, "\n".join(lines))
