"""The bill of materials: the model with its card, its data and every locked library, as CycloneDX 1.6."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from credit.common.candidate_names import HEURISTIC
from credit.registry.names import ARTIFACT
from credit.registry.versions import VersionRecord
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics

_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def build_bom(
    record: VersionRecord,
    time: str,
    features: tuple[str, ...],
    metrics: CandidateMetrics | None,
    fairness: FairnessReport | None,
    requirements: str,
) -> dict[str, Any]:
    """Build the bill of materials of a version. `time`: of its tag; the same version gives the same bytes."""
    libraries = [_describe_library(*found) for found in sorted(set(_LOCKED.findall(requirements)))]
    data = {
        "type": "data",
        "bom-ref": "data",
        "name": record.dataset,
        "data": [{"type": "dataset", "name": record.dataset}],
    }
    model = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": ARTIFACT,
        "version": record.version,
        "hashes": [{"alg": "SHA-256", "content": record.digest}],
        "modelCard": _build_model_card(record, features, metrics, fairness),
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, record.digest)}",
        "version": 1,
        "metadata": {"timestamp": time, "component": model},
        "components": [data, *libraries],
        "dependencies": [{"ref": "model", "dependsOn": ["data", *(one["bom-ref"] for one in libraries)]}],
    }


def _describe_library(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _build_model_card(
    record: VersionRecord,
    features: tuple[str, ...],
    metrics: CandidateMetrics | None,
    fairness: FairnessReport | None,
) -> dict[str, Any]:
    kind = "rule" if record.candidate == HEURISTIC else record.candidate
    figures = [*_list_metrics(metrics), *_list_ratios(fairness)]
    card: dict[str, Any] = {
        "bom-ref": "model-card",
        "modelParameters": {
            "task": "approve, refer or deny an application",
            "modelArchitecture": kind,
            "datasets": [{"ref": "data"}],
            "inputs": [{"format": name} for name in features],
            "outputs": [{"format": "decision, score, reasons"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": figures},
    }
    if fairness is not None:
        card["considerations"] = {"fairnessAssessments": list(_list_assessments(fairness))}
    return card


def _list_metrics(metrics: CandidateMetrics | None) -> Iterator[dict[str, Any]]:
    for name in metrics.list_names() if metrics else ():
        value = metrics.get_value(name) if metrics else None
        if metrics and value is not None:
            yield _describe_figure(name, value, "test rows", metrics.get_interval(name))


def _list_ratios(fairness: FairnessReport | None) -> Iterator[dict[str, Any]]:
    for one in fairness.findings if fairness else ():
        if one.value is not None:
            yield _describe_figure(one.measure, one.value, f"{one.attribute}: {one.group}", one.interval)


def _describe_figure(name: str, value: float, part: str, interval: Any) -> dict[str, Any]:
    figure: dict[str, Any] = {"type": name, "value": f"{value:g}", "slice": part}
    lower, upper = interval or (None, None)
    bounds = {"lowerBound": lower, "upperBound": upper}
    if known := {key: f"{bound:g}" for key, bound in bounds.items() if bound is not None}:
        figure["confidenceInterval"] = known
    return figure


def _list_assessments(fairness: FairnessReport) -> Iterator[dict[str, Any]]:
    for name, attribute in fairness.attributes.items():
        harms = " ".join(one.reason for one in fairness.findings if one.attribute == name and one.blocks)
        yield {
            "groupAtRisk": name,
            "harms": harms or "none that blocks",
            "mitigationStrategy": f"verdict by {fairness.policy}: {attribute.verdict}",
        }
