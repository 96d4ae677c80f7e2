"""Ports for real servers: two processes of tests that find one at the same time find different ones."""

import subprocess
import sys

from testing.lenders.frozen import ROOT
from testing.parts.servers import claim_port, find_free_ports

FIND = "from testing.parts.servers import find_free_ports; print(find_free_ports(1)[0], flush=True); input()"


def test_a_port_that_another_process_has_just_found_is_left_to_it() -> None:
    """Nobody listens on it yet, so that the system would give it again; a claim ends with its process."""
    command = [sys.executable, "-c", FIND]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        port = int(other.stdout.readline())
        assert not claim_port(port)
        other.communicate("\n")
    assert claim_port(port)


def test_more_than_are_remembered_can_be_found_at_once() -> None:
    assert len(set(find_free_ports(150))) == 150
