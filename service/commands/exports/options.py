"""Options of every export, and what they ask for."""

from collections.abc import Callable
from typing import Any

import click

from credit.common.cli import Answer, ExclusiveOption
from service.export.following import Target
from service.export.running import compare_target, export_once, keep_exporting
from service.settings import load_settings


def add_export_options(pause: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add how often, `pause` seconds by default, and where the lag is told."""
    once = click.option(
        "--once", cls=ExclusiveOption, excludes=("compare",), is_flag=True, help="export what is new, and end"
    )
    compare = click.option(
        "--compare",
        cls=ExclusiveOption,
        excludes=("once",),
        is_flag=True,
        help="compare each day's count and digest with the log, export nothing; exit code 3 when a day differs",
    )
    seconds = click.option(
        "--seconds", type=click.FloatRange(0.1, 86_400), default=pause, show_default=True, help="between two looks"
    )
    host = click.option(
        "--host", default="127.0.0.1", show_default=True, help="address of /metrics, which wants no key"
    )
    port = click.option("--port", type=click.IntRange(0, 65535), default=8002, show_default=True, help="of /metrics")
    return lambda function: once(compare(seconds(host(port(function)))))


def run_export(target: Target, name: str, once: bool, compare: bool, seconds: float, host: str, port: int) -> Answer:
    """Compare, export once, or keep exporting."""
    settings = load_settings()
    if compare:
        return compare_target(settings, target)
    return export_once(settings, target, name) if once else keep_exporting(settings, target, name, seconds, host, port)
