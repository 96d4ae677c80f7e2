"""The command `release`: from a trained pipeline to a live version, and back."""

from collections.abc import Sequence

from credit.common import cli
from credit.common.errors import run_command

VERBS = {
    "status": "Show the live version of each environment, since when and why; the versions that may be deployed",
    "rollback": "Return to the version before, to one by name, or to the rule; needs the store only",
    "deploy": "Put a version into an environment, verified before anybody is decided by it",
    "check": "Check whether this commit may become a version",
    "register": "Check, then make this commit a version: an annotated git tag",
    "publish": "Put the bundle of a version into the store, once",
    "sync": "Make git and the ledger agree: tag the entries made without git, propose what tags made by hand ask for",
    "history": "List who deployed which version, when and why; with --at, the version live at a moment",
    "note": "Add a note to an entry of the ledger, which itself never changes: something that was learnt later",
    "watch": "Watch how groups are treated by live decisions, and take a version back when it must be",
    "hold": "Hold an environment: the watch takes nothing back by itself until it is resumed",
    "resume": "End a hold: the watch may take a version back again",
    "challenge": "Let a version decide beside the live one: for nobody, or about a share of the applicants",
    "affected": "List the decisions that a version made, and what the live version would have decided",
    "show": "Show a version: data, features, parameters, figures, fairness, code, who and when",
    "compare": "Compare two revisions: verdict, metrics, equal treatment, flipped decisions, features, data",
    "blame": "Find which step it was: what of two versions' differences moved a figure, by running them one at a time",
    "judge": "Judge a change by the judge of its base: nobody weakens the gate that judges them",
    "codeowners": "Write .github/CODEOWNERS: who has to approve a change of what judges",
    "export": "Write a published version to files: bundle archive, model card, report",
    "verify": "Prove that versions can be restored byte for byte from DVC and the store, and that ledgers are whole",
    "evidence": "Write what an examiner asks for: a folder and a zip, clause by clause, verified offline",
    "inventory": "List every version with its tier, owner, status and last validation",
    "key": "Make the pair of keys that versions are signed with",
    "sign": "Sign a version from before there were keys, or with a new key",
    "gc": "Make room: drop what no version needs from the store and from DVC's cache",
    "doctor": "Check all around the project: git, store, data, tools, GitHub; each line says how to fix it",
    "checklist": "List the settings that only a person can make on GitHub, as a page",
    "rehearse": "Send people of a table to a running service, some with other values, to see what the watch does",
    "drill": "Rehearse publish, deploy and rollback in a throwaway place; seconds and lost requests",
}
"""Each subcommand and its line in `release --help`: first what somebody needs who was woken up."""

EPILOG = """what is live, and back to the version before it:
  release status
  release rollback --env prod --reason 'turns away people without a degree'

nothing to go back to, or no time to think: the rule decides
  release rollback --env prod --to rule --reason '...'

Versions are git tags; what is live is in the store that RELEASE_STORE names, else release.yaml."""

INTERRUPTED = "what is live is whole; release status says what it is, the same command again completes it"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one subcommand, print its answer and exit with its code."""
    cli.run(cli.LazyGroup("release.commands", VERBS, help=__doc__, epilog=EPILOG), "release", arguments)


if __name__ == "__main__":
    run_command(main, INTERRUPTED)
