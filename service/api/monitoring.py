"""Routes that tell who decides and how the service is: the live version, health and metrics."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from credit.common.errors import CreditError
from service import metrics
from service.api.openapi import READ_REFUSALS
from service.api.request_reading import read_parts, require_serving
from service.api.responses import HealthResponse, VersionResponse, render_json
from service.api.state import collect_problems, find_challenge, find_decider
from service.challenge.dealing import ARMS, Dealer
from service.engine.live_version import LiveVersion
from service.shadow.shadows import OUTCOMES, Shadows

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)


@ROUTER.get("/v1/version", response_model=VersionResponse, responses=READ_REFUSALS, tags=["monitor"])
def show_version(request: Request) -> Response:
    """Show the live version: since when, deployed by whom and why."""
    serving, entry = require_serving(request), require_serving(request).entry
    return render_json(
        {
            "environment": read_parts(request).settings.environment,
            "entry": metrics.find_common_entry(serving.number),
            "version": serving.version,
            "digest": serving.bundle.manifest.digest,
            "kind": entry.kind if entry else None,
            "decides": serving.decides,
            "rule_because": serving.rule_because,
            "since": entry.time if entry else None,
            "reason": entry.reason if entry else None,
            "actor": entry.actor if entry else None,
        }
    )


@ROUTER.get("/health/live", tags=["monitor"])
async def check_liveness() -> dict[str, str]:
    """Answer while the process runs."""
    return {"status": "ok"}


@ROUTER.get(
    "/health/ready", response_model=HealthResponse, responses={503: {"model": HealthResponse}}, tags=["monitor"]
)
async def check_readiness(request: Request) -> Response:
    """Show whether applications are decided, by the model or the rule, and the problems."""
    parts = read_parts(request)
    serving, problems = parts.follower.serving, collect_problems(parts)
    is_dark = serving is None or parts.log.refusal is not None
    status = "dark" if is_dark else "degraded" if problems else "ok"
    content = {
        "status": status,
        "decides": find_decider(parts),
        "entry": serving.number if serving else 0,
        "circuits": parts.decider.live.circuits,
        "challenger": describe_challenger(parts.shadows),
        "split": describe_split(parts.dealer, serving),
        "problems": list(problems.values()),
    }
    return render_json(content, 503 if is_dark else 200)


def describe_challenger(shadows: Shadows) -> dict[str, Any] | None:
    """Describe who decides beside in this worker, or why nobody does, and what became of the applications."""
    challenge, problem = shadows.challenge, shadows.load_problem
    if challenge is None and problem is None:
        return None
    counts: dict[str, Any] = {outcome: shadows.counts[outcome] for outcome in OUTCOMES}
    version = challenge.version if challenge else None
    return counts | {"version": version, "challenge": shadows.number, "decides": shadows.challenger is not None}


def describe_split(dealer: Dealer, live: LiveVersion | None) -> dict[str, Any] | None:
    """Describe who decides about a share of the applicants in this worker, or why nobody does."""
    challenge = dealer.challenge
    if challenge is None or challenge.plan is None:
        return None
    rest = dealer.explain_rest(live)
    return {
        "version": challenge.version,
        "challenge": challenge.number,
        "share": challenge.plan.share,
        "until": challenge.plan.until,
        "decides": rest is None,
        "because": rest,
        "dealt": {arm: dealer.counts[arm] for arm in ARMS},
    }


@ROUTER.get("/metrics", tags=["monitor"], response_class=PlainTextResponse, responses=READ_REFUSALS)
def show_metrics(request: Request) -> Response:
    """Expose the metrics for Prometheus."""
    parts = read_parts(request)
    metrics.set_problems(collect_problems(parts))
    metrics.set_circuits(parts.decider.live.circuits, find_decider(parts))
    metrics.set_challenge(find_challenge(parts))
    with suppress(CreditError):  # a disk that cannot be read is no reason to tell nothing
        metrics.SPOOL_SIZE.set(parts.log.count_spooled())
    return metrics.expose_metrics()
