"""How a command that people pipe into others gives its answer."""

import os
import sys
from dataclasses import dataclass
from typing import Any


def print_answer(text: str) -> None:
    """Print an answer at once; a reader who has seen enough, as `head` has, is no error and changes no exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True)
class Answer:
    """`content` is what `--json` prints, `text` what people read, `code` the exit code."""

    content: dict[str, Any]
    text: str
    code: int = 0
