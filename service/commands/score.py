"""x"""

import argparse

EXAMPLE = "x"


def arguments(parser: argparse.ArgumentParser) -> None:
    """x."""


def run(args: argparse.Namespace) -> None:
    """x."""
