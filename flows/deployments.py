"""What is served to Prefect, and how one-off runs are scheduled."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from prefect import serve
from prefect.deployments.runner import RunnerDeployment

from flows.watch import watch


def watch_deployment(feed: str, *, every: timedelta, allow_private: bool) -> RunnerDeployment:
    """Return the deployment that looks at one feed at intervals."""
    host = urlsplit(feed).hostname or "feed"
    deployment = watch.with_options(log_prints=True).to_deployment(
        name=f"watch-{host}",
        interval=every,
        parameters={"feed": feed, "allow_private": allow_private},
        description=f"Imports what is new in {feed} as draft campaigns.",
        # Two looks at once could import the same item twice.
        concurrency_limit=1,
    )
    if not isinstance(deployment, RunnerDeployment):
        raise TypeError("outside an event loop Prefect answers at once")
    return deployment


def serve_watch(feed: str, *, every: timedelta, allow_private: bool) -> None:
    """Look at a feed at intervals until it is interrupted. Needs a Prefect server."""
    # Stopping this must not switch the schedule off for the next start.
    serve(watch_deployment(feed, every=every, allow_private=allow_private), pause_on_shutdown=False)
