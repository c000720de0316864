"""The runs that carry out launched campaigns: made, kept up and withdrawn. The ledger decides.

Each step that has work left has one run of `deliver` at its time. Its idempotency key names the
launch and the campaign's revision, which every change of times raises: Prefect gives back the old
run for a key that it knows, with its old time. Nothing's safety depends on there being one run
only, or on its being in time; `deliver` asks the ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from prefect import serve
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Scheduled

from flows import clock
from flows.campaign.held import held_words
from flows.database import open_database
from flows.errors import OproepError
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.ledger.hand_over import recover
from flows.ledger.threads import FOR_A_PERSON
from flows.ledger.underway import BROKE_OFF, ENDED_BADLY, NO_CAMPAIGN, WAITING, note_once, underway
from flows.models import StepState
from flows.served import DELIVER, SERVED, deploy
from flows.settings import Settings
from flows.watch import watch

LIVE = (
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
)
"""States of a run that is not over."""
NOT_BEGUN = (StateType.SCHEDULED, StateType.PENDING)
WITHDRAWN = "Withdrawn by Oproep: its campaign was scheduled anew, or its launch taken back."
UNATTENDED = [served.name for served in SERVED if served.name != "deliver"]
"""What else is served; nobody looks whether it ended well."""
AGAIN = tuple(timedelta(seconds=seconds) for seconds in (0, 15, 60, 300))
"""How long a step whose run ended before its work did waits for the next: the first, the second, …
"""
PAGE = 200
"""Runs that the server gives at once."""


async def schedule(frozen: FrozenCampaign) -> list[str]:
    """See to it that every step of a campaign that has work left has its run.

    Doing it again changes nothing. Runs of earlier revisions that have not begun are withdrawn;
    one that is at work on a step goes on with it, since it follows the ledger.

    Args:
        frozen: The campaign as the ledger holds it.

    Returns:
        The ids of the runs that carry it out, in the order of the steps.

    Raises:
        OproepError: the server does not answer.
    """
    async with _server() as client:
        return await _scheduled(client, frozen)


async def withdraw(slug: str) -> int:
    """Withdraw the runs of a campaign that have not begun; return how many.

    Raises:
        OproepError: the server does not answer.
    """
    async with _server() as client:
        runs = await _runs(client, slug, await _deliver_id(client))
        return await _withdraw(client, (run for run in runs if _state(run) in NOT_BEGUN))


async def reconcile(settings: Settings) -> int:
    """See to it that everything that is launched has its runs, whatever happened to Prefect.

    What is overdue is closed, what dead processes held is given back, and a step whose run a
    person cancelled in Prefect is paused.

    Returns:
        How many runs were missing and have been made.

    Raises:
        OproepError: the server does not answer, or the ledger cannot be opened.
    """
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        ledger.close_overdue()
        recover(engine)
        made = 0
        async with _server() as client:
            await _note_ended_badly(client, ledger)
            for frozen in underway(ledger):
                runs = await _runs(client, frozen.slug, await _deliver_id(client))
                _pause_cancelled(ledger, frozen, runs)
                _note_broken(ledger, frozen, runs)
                before = {run.id for run in runs}
                after = await _scheduled(client, ledger.campaign(frozen.slug))
                made += len({UUID(run) for run in after} - before)
        return made
    finally:
        engine.dispose()


async def _scheduled(client: PrefectClient, frozen: FrozenCampaign) -> list[str]:
    deliver = await _deliver_id(client)
    runs = await _runs(client, frozen.slug, deliver)
    carriers: list[FlowRun] = []
    for step in frozen.by_time:
        ours = _ours(frozen, step, runs)
        carrier = _carrier(step, ours, runs)
        if not _has_work(step):
            continue
        if carrier is None and not cancelled_by_person(ours):
            carrier = await _make(client, deliver, frozen, step, ours)
        if carrier is not None:
            carriers.append(carrier)
    keep = {run.id for run in carriers}
    await _withdraw(
        client, (run for run in runs if _state(run) in NOT_BEGUN and run.id not in keep)
    )
    return [str(run.id) for run in carriers]


def _has_work(step: FrozenStep) -> bool:
    for_a_person = step.state is StepState.RUNNING and step.reason == FOR_A_PERSON
    return step.state in WAITING and step.deadline > clock.now() and not for_a_person


def _carrier(step: FrozenStep, ours: Sequence[FlowRun], runs: Sequence[FlowRun]) -> FlowRun | None:
    """Return the run that carries a step out, if there is one."""
    for run in ours:
        if _state(run) in LIVE:
            return run
    if step.state is StepState.RUNNING:
        for run in runs:
            if _step_number(run) == step.number and _state(run) is StateType.RUNNING:
                return run
    return None


async def _make(
    client: PrefectClient,
    deliver: UUID,
    frozen: FrozenCampaign,
    step: FrozenStep,
    earlier: Sequence[FlowRun],
) -> FlowRun:
    """Make the run of a step; the same call by two at once makes one."""
    tries = len(earlier)
    wait = AGAIN[min(tries - 1, len(AGAIN) - 1)] if tries else timedelta()
    at = max(step.at, clock.now() + wait)
    return await client.create_flow_run_from_deployment(
        deliver,
        name=f"{frozen.slug}-step-{step.number}",
        parameters={"campaign": frozen.slug, "step": step.number},
        tags=[frozen.slug, step.channel],
        idempotency_key=_key(frozen, step) + (f"/{tries + 1}" if tries else ""),
        state=Scheduled(
            scheduled_time=min(at, step.deadline),
            message=f"Step {step.number}, {step.channel}: {step.planned} planned.",
        ),
    )


def _key(frozen: FrozenCampaign, step: FrozenStep) -> str:
    # A launch that was taken back and done again begins at revision 1 again.
    launched = f"{frozen.frozen_at:%Y%m%dT%H%M%S%f}" if frozen.frozen_at else ""
    return f"{frozen.slug}/{step.number}/{launched}/r{frozen.revision}"


def _ours(frozen: FrozenCampaign, step: FrozenStep, runs: Iterable[FlowRun]) -> list[FlowRun]:
    """Return the runs that were made for this step as it is scheduled now, oldest first.

    A person who starts the step from Prefect's own page makes one without a key: it counts while
    it is under way, so that no second one is made beside it.
    """
    key = _key(frozen, step)
    ours = [
        run
        for run in runs
        if _step_number(run) == step.number
        and (
            (run.idempotency_key is None and _state(run) in LIVE)
            or f"{run.idempotency_key}/".startswith(f"{key}/")
        )
    ]
    return sorted(ours, key=lambda run: run.created or clock.now())


def cancelled_by_person(runs: Sequence[FlowRun]) -> bool:
    """Return whether the last of these runs was cancelled, and not by us.

    It need not be over yet: its process may be hard to reach, and the step is not to wait for that.
    """
    if not runs:
        return False
    if _state(runs[-1]) is StateType.CANCELLING:
        return True
    state = runs[-1].state
    return _state(runs[-1]) is StateType.CANCELLED and (state is None or state.message != WITHDRAWN)


def _pause_cancelled(ledger: Ledger, frozen: FrozenCampaign, runs: Sequence[FlowRun]) -> None:
    """Hold back each step whose run a person cancelled; what it had claimed is given back."""
    for step in frozen.steps:
        if step.state in WAITING and cancelled_by_person(_ours(frozen, step, runs)):
            words = held_words(frozen.language).cancelled
            reason = words.format(command=f"`oproep resume {frozen.slug}`")
            ledger.pause_step(step.id, reason)


def _note_broken(ledger: Ledger, frozen: FrozenCampaign, runs: Sequence[FlowRun]) -> None:
    """Write into the journal, once each, which runs ended before their work was done.

    Why they did stands in Prefect: an unforeseen error may quote an address, and this is kept.
    """
    for step in frozen.steps:
        for run in _ours(frozen, step, runs):
            if _state(run) in (StateType.FAILED, StateType.CRASHED):
                words = f"{run.state_name} ({str(run.id)[:8]})"
                note_once(ledger.engine, frozen.slug, BROKE_OFF, step=step.number, words=words)


async def _note_ended_badly(client: PrefectClient, ledger: Ledger) -> None:
    """Write into the journal, once a day each, which other runs of ours failed or crashed."""
    bad = FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED])
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=["oproep"]),
            state=FlowRunFilterState(type=bad),
            end_time=FlowRunFilterEndTime(after_=clock.now() - timedelta(days=1)),
        ),
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=UNATTENDED)),
        sort=FlowRunSort.END_TIME_DESC,
    )
    for run in runs:
        words = f"{run.name} {run.end_time or clock.now():%Y-%m-%d}"
        note_once(ledger.engine, NO_CAMPAIGN, ENDED_BADLY, step=None, words=words)


async def _withdraw(client: PrefectClient, runs: Iterable[FlowRun]) -> int:
    number = 0
    for run in runs:
        await client.set_flow_run_state(run.id, Cancelled(message=WITHDRAWN))
        number += 1
    return number


async def _deliver_id(client: PrefectClient) -> UUID:
    """Return the deployment of `deliver`; after its server was lost it is made anew."""
    try:
        return (await client.read_deployment_by_name(DELIVER)).id
    except ObjectNotFound:
        await deploy(client)
        return (await client.read_deployment_by_name(DELIVER)).id


async def _runs(client: PrefectClient, slug: str, deliver: UUID) -> list[FlowRun]:
    """Return the runs of a campaign's steps, and those under way that carry out any step of it."""
    of_deliver = FlowRunFilterDeploymentId(any_=[deliver])
    filters = (
        FlowRunFilter(deployment_id=of_deliver, tags=FlowRunFilterTags(all_=[slug])),
        FlowRunFilter(
            deployment_id=of_deliver,
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(LIVE))),
        ),
    )
    found: dict[UUID, FlowRun] = {}
    for each in filters:
        offset = 0
        while True:
            page = await client.read_flow_runs(
                flow_run_filter=each, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=offset
            )
            found |= {run.id: run for run in page if run.parameters.get("campaign") == slug}
            offset += len(page)
            if len(page) < PAGE:
                break
    return list(found.values())


def _state(run: FlowRun) -> StateType | None:
    return run.state_type


def _step_number(run: FlowRun) -> int:
    return int(run.parameters.get("step", 0))


@asynccontextmanager
async def _server() -> AsyncIterator[PrefectClient]:
    """Yield a client of the server; what it says otherwise becomes an error for people."""
    try:
        async with get_client() as client:
            yield client
    except (httpx.TransportError, PrefectHTTPStatusError) as error:
        raise OproepError(
            f"Prefect's server does not do what it is asked: {type(error).__name__}.",
            where=f"PREFECT_API_URL={PREFECT_API_URL.value()}",
            mend="Look whether `oproep up` is running, and what it says; then try again.",
        ) from error


# --- feeds ---------------------------------------------------------------------------------------


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
