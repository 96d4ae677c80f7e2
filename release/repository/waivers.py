"""Describe waivers in a line each."""

from pathlib import Path

from credit.fairness.waivers import Waiver, load_waivers


def describe_waivers(folder: Path) -> list[str]:
    """Describe each waiver of a folder in a line. Raises CreditError with every problem of every file."""
    return [describe_waiver(*one) for one in load_waivers(folder).items()]


def describe_waiver(file: str, one: Waiver) -> str:
    """Describe who lets what through until when, and why."""
    finding = f"{one.candidate}, {one.attribute} {one.group}, {one.measure}"
    return f"waiver {file}: {finding}, by {one.signatures} until {one.until}: {one.why}"
