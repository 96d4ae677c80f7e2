"""The limit of the ratio of two groups' approvals: that of the policy of the version that decides."""

from typing import NamedTuple

from service.engine.live_version import LiveVersion


class ShownLimit(NamedTuple):
    """The limit, None where there is none, and in words where it comes from, or why there is none."""

    at_least: float | None
    said: str


def find_limit(chosen: float | None, serving: LiveVersion | None) -> ShownLimit:
    """Find the limit: the one of the settings where these have one, else that of the live version's policy."""
    if chosen is not None:
        return ShownLimit(chosen, f"{chosen:g}, which SERVICE_LEAST_RATIO says")
    if serving is None:
        return ShownLimit(None, "no limit, as no version is live")
    name, limits = serving.version or "the image", serving.bundle.limits
    if limits is None:
        return ShownLimit(None, f"no limit: {name} was made before versions had it; SERVICE_LEAST_RATIO can say one")
    if limits.adverse_impact_ratio is None:
        return ShownLimit(None, f"no limit: the policy {limits.policy} of {name} has none of this ratio")
    least = limits.adverse_impact_ratio.at_least
    return ShownLimit(least, f"{least:g}, by the policy {limits.policy} of {name}")
