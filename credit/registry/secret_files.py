"""Variables of the environment from files, as Docker and Kubernetes hand out secrets."""

import os
import re
from pathlib import Path

from credit.common.errors import CreditError, Problem

_SECRETS_VARIABLE = "SERVICE_SECRETS"
_VARIABLE_NAME = re.compile("[A-Z][A-Z0-9_]*")


def load_secret_files() -> None:
    """Set every variable that has a file in the folder SERVICE_SECRETS, such as PGPASSWORD; one that is set stays.

    Files with other names are left alone. Raises CreditError when the folder or a file cannot be read.
    """
    folder = os.environ.get(_SECRETS_VARIABLE)
    if not folder:
        return
    try:
        for file in Path(folder).iterdir():
            if _VARIABLE_NAME.fullmatch(file.name):
                os.environ.setdefault(file.name, file.read_text().strip())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "a file that is not text"
        raise CreditError(Problem(f"{_SECRETS_VARIABLE} {folder}", said, "a folder of readable files")) from None
