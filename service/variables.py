"""Variables that are files: how whoever runs containers hands over a secret, so that none stands in a configuration."""

import os
import re
from pathlib import Path

from credit.errors import CreditError, Problem

_FOLDER = "SERVICE_SECRETS"
_NAME = re.compile("[A-Z][A-Z0-9_]*")


def take_from_files() -> None:
    """Set every variable that has a file in the folder SERVICE_SECRETS, such as PGPASSWORD; one that is set stays.

    Files with other names are left alone. Raises CreditError when the folder or a file cannot be read.
    """
    folder = os.environ.get(_FOLDER)
    if not folder:
        return
    try:
        for file in Path(folder).iterdir():
            if _NAME.fullmatch(file.name):
                os.environ.setdefault(file.name, file.read_text().strip())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "what is no text"
        raise CreditError(Problem(f"{_FOLDER} {folder}", said, "a folder of readable files")) from None
