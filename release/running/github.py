"""Ask GitHub by its command line, `gh`."""

import subprocess


def run_gh(*words: str, seconds: float = 20) -> "subprocess.CompletedProcess[str]":
    """Run gh; where it is missing or gives no answer in time, the outcome is a failure that says so."""
    try:
        return subprocess.run(["gh", *words], capture_output=True, text=True, check=False, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(["gh", *words], 1, "", f"gh gave no answer: {error}")
