"""The metrics say what is so: decisions and not repeats, each of a batch, all workers, and no single person."""

import os
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.samples import Sample

from credit.common.errors import Problem
from credit.registry.store import Store
from service import metrics
from service.engine.request_errors import UNKNOWN_FIELD
from service.exposed_metrics import WorkerProcesses, hide_small_groups
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service

Asked = list[dict[str, Any]]


def read_figures(service: Service) -> dict[str, float]:
    """Read every figure, those of all labels together."""
    figures: dict[str, float] = {}
    for family in text_string_to_metric_families(service.get("/metrics").text):
        for sample in family.samples:
            figures[sample.name] = figures.get(sample.name, 0) + sample.value
    return figures


def count(group: str, decision: str, number: float, version: str = "v1.0.0") -> Sample:
    labels = {"attribute": "race", "group": group, "decision": decision, "version": version}
    return Sample("service_group_decisions_total", labels, number)


def test_small_groups_are_hidden_and_one_more_person_does_not_show() -> None:
    shown = hide_small_groups(
        [
            count("Black", "approve", 3),
            count("Black", "deny", 1),
            count("white", "approve", 14),
            count("white", "deny", 4),
            count("white", "approve", 4, "v2.0.0"),
            Sample("service_group_decisions_created", count("Black", "deny", 1).labels, 1.0),
        ]
    )
    assert shown == [count("white", "approve", 10), count("white", "deny", 0)]


@pytest.mark.parametrize("before", range(30))
def test_a_count_never_falls_when_somebody_is_decided(before: int) -> None:
    """Prometheus takes a counter that falls for one that began anew."""
    now, later = (
        sum(sample.value for sample in hide_small_groups([count("Black", "deny", number)]))
        for number in (before, before + 1)
    )
    assert now <= later


def test_processes_together_are_the_sum_of_each() -> None:
    (alone,) = ({m.name: m.samples[0].value for m in ProcessCollector(registry=None).collect()},)
    both = {m.name: m.samples[0].value for m in WorkerProcesses([os.getpid(), os.getpid()]).collect()}
    assert both["process_max_fds"] == alone["process_max_fds"]
    assert both["process_start_time_seconds"] == alone["process_start_time_seconds"]
    assert both["process_resident_memory_bytes"] == pytest.approx(2 * alone["process_resident_memory_bytes"], rel=0.2)
    assert both.keys() == alone.keys()


def test_repeats_are_no_decisions_and_a_batch_is_as_many_as_its_applications(service: Service, asked: Asked) -> None:
    for _ in range(3):
        service.decide(asked[0], idempotency_key="one")
        service.decide({"applications": asked[:6]}, "/v1/decisions/batch", idempotency_key="many")
    figures = read_figures(service)
    assert figures["service_decisions_total"] == 7
    assert figures["service_decision_seconds_count"] == 7
    assert figures["service_repeated_decisions_total"] == 14


def test_a_rule_that_is_the_champion_decides_too(service: Service, released: Store) -> None:
    assert read_figures(service)["service_rule_decides"] == 0
    deploy_versions(released, "v1.0.0")
    wait_until(lambda: read_figures(service)["service_rule_decides"] == 1, "the rule")


def test_several_workers_tell_their_memory_and_time_together(released: Store, tmp_path: Any, asked: Asked) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="2") as service:
        figures = read_figures(service.wait())
        wait_until(lambda: read_figures(service)["process_resident_memory_bytes"] > 100_000_000, "both workers")
        assert figures["process_cpu_seconds_total"] > 0


def test_names_that_clients_make_up_are_no_series_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_SHOWN_FIELDS", set())
    before = count_field_series()
    for number in range(3 * metrics.MAX_REFUSED_FIELDS):
        found = [Problem(f"application.family_of_test_{number}", "'x'", "a number")]
        metrics.count_refused_fields([*found, Problem(f"application.made_up_{number}", *UNKNOWN_FIELD)])
    metrics.count_refused_fields([Problem("the body", "nothing", "JSON")])
    assert count_field_series() - before <= metrics.MAX_REFUSED_FIELDS + 1


def count_field_series() -> int:
    (family,) = metrics.FIELD_REFUSAL_COUNT.collect()
    return sum(one.name == "service_refused_fields_total" for one in family.samples)
