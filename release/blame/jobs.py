"""How many hybrids fit on this machine side by side."""

import re
from pathlib import Path

from joblib import cpu_count

CORES_EACH, MEMORY_EACH = 2, 4 * 2**20
"""Cores that the stages of one pipeline use, and kilobytes that it may need."""

_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)


def count_jobs(memory: Path = Path("/proc/meminfo")) -> int:
    """Count the hybrids that fit by cores and by available memory; one where the system does not tell."""
    found = _AVAILABLE.search(memory.read_text(encoding="ascii")) if memory.exists() else None
    return max(1, min(cpu_count() // CORES_EACH, int(found[1]) // MEMORY_EACH)) if found else 1
