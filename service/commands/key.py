"""Make, list, replace and revoke API keys, of which the file that SERVICE_KEYS_FILE names keeps hashes"""

from credit.common.cli import LazyGroup

VERBS = {
    "make": "Make an API key: printed once, kept as a hash",
    "list": "List the keys: whose they are, what they are good for, and until when",
    "rotate": "Make another key for an owner, and let the one before expire",
    "revoke": "Revoke the keys of an owner; services refuse them within a second",
}
"""Each subcommand and its line in `python -m service key --help`."""

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key make branch-office --role decide"""

run = LazyGroup("service.commands.keys", VERBS, name="key", help=__doc__, epilog=EPILOG)
