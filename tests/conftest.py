"""What both suites share: tests that need a part of the system that is missing are left out and named."""

from collections import Counter

import pytest
from hypothesis import settings

from testing.parts.needs import LEFT_OUT

SLOW = {"finished", "project", "template", "template_once", "built", "hub"}
"""Fixtures that run the pipeline, build the image, or clone the repository to run something in it."""

settings.register_profile("any machine", deadline=None)  # a busy machine is no failure
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make check` and CI say."""
    parser.addoption("--quick", action="store_true", help="without the tests that run the pipeline or a container")
    parser.addoption("--all-parts", action="store_true", help="fail when a test was left out for want of a part")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, with `--quick`."""
    if config.getoption("--quick"):
        slow = [item for item in items if SLOW & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def count_left_out(config: pytest.Config) -> Counter[str]:
    """Count the tests that were left out, by the part that they lack and how to have it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple)]
    return Counter(reason.removeprefix(LEFT_OUT) for reason in reasons if reason.startswith(LEFT_OUT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out, and how to have it."""
    for reason, tests in sorted(count_left_out(terminalreporter.config).items()):
        terminalreporter.write_line(f"{LEFT_OUT}{tests} {'test' if tests == 1 else 'tests'}, {reason}", yellow=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail with `--all-parts` when something was left out."""
    if session.config.getoption("--all-parts") and count_left_out(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
