"""What a subcommand answers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`content` is what `--json` prints, `text` what people read, `code` the exit code."""

    content: dict[str, Any]
    text: str
    code: int = 0
