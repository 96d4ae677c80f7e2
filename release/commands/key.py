"""Make the pair of keys that versions are signed with

FILE gets the private key: it belongs into a secret, never into git. The public one goes to keys/, and counts once it is
on main."""

import os
from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.registry.signatures import load_private_key, make_private_key, name_key, serialize_public_key
from release.registration.provenance import KEY_VARIABLE, KEYS_FOLDER


def make_pair(private: Path, folder: Path) -> Path:
    """Write the private key to a file that only its owner reads; return the file of the public one."""
    pem = make_private_key()
    key = load_private_key(pem, str(private)).public_key()
    try:
        opened = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CreditError(Problem(str(private), "a file, which may be a key in use", "no such file")) from None
    except OSError as error:
        raise CreditError(Problem(str(private), f"cannot be written: {error.strerror}")) from None
    with os.fdopen(opened, "w") as file:
        file.write(pem)
    folder.mkdir(exist_ok=True)
    public = folder / f"{name_key(key)}.pub"
    public.write_text(serialize_public_key(key), encoding="utf-8")
    return public


@click.command(cls=AnsweringCommand, help=__doc__, epilog="example:\n  release key ~/release-key.pem")
@click.argument("file", type=click.Path(path_type=Path), help="for the private key, outside of this folder")
def run(file: Path) -> Answer:
    """Make a pair of Ed25519 keys."""
    if file.absolute().resolve().is_relative_to(Path.cwd().resolve()):
        raise CreditError(
            Problem("FILE", f"{file}, in this folder", "a place outside of it", "a key is never committed")
        )
    public = make_pair(file, Path(KEYS_FOLDER))
    lines = [f"private: {file}; for GitHub: gh secret set {KEY_VARIABLE} --env registry < {file}"]
    lines += [f"public:  {public}; it counts once it is on main: git add {KEYS_FOLDER}, commit, review, merge"]
    lines += [f"next:    {KEY_VARIABLE}={file} release sign VERSION, for each version from before"]
    return Answer({"private": str(file), "public": str(public)}, "\n".join(lines))
