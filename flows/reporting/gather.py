"""From the ledger to a report. Counting is the database's work; no query returns all deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, literal, select

from flows import clock
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.engagement import Count, Reception, counts_in, receptions_in
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.ledger.journal import entries
from flows.ledger.threads import FOR_A_PERSON
from flows.models import DeliveryState, MessageKind, SkipReason
from flows.reporting.idiom import Idiom
from flows.reporting.model import (
    WORST_FIRST,
    ActReport,
    EventReport,
    PostReport,
    ProblemDelivery,
    Report,
    StepReport,
)
from flows.reporting.sheet import DeliveryRow
from flows.returns.replies import Answered, answered_in

TOLD_BY_NAME = frozenset(
    {"approved", "launched", "adopted", "moved", "retried", "alarm", "reminded", "settled"}
    | {"changed since the approval"}
)
"""Acts whose words in the journal are for programs; their names say enough."""
MOST_PROBLEMS = 100
"""Problem deliveries that a report names; it tells how many more there are."""
ROWS_AT_ONCE = 2_000

By = Mapping[int, dict[Any, int]]
"""Counts per step id, then per whatever is counted."""


def gather(ledger: Ledger, campaign_slug: str) -> Report:
    """Return the report of a launched or rehearsed campaign, as the ledger knows it now.

    Raises:
        LedgerError: the campaign has not been frozen.
    """
    campaign = ledger.campaign(campaign_slug)
    kinds = {step.id: _kind(step) for step in campaign.steps}
    post_ids = [step_id for step_id, kind in kinds.items() if kind is MessageKind.POST]
    steps = {step.id: step for step in campaign.steps}
    with reading(ledger.engine) as connection:
        # Counted here and not by `Ledger.counts`, so that all numbers are of one moment.
        counts = _counted(connection, _states_of(kinds), DeliveryState)
        reasons = _counted(connection, _reasons_of(kinds), SkipReason)
        problems = connection.execute(_problems_of(kinds)).all()
        posts = connection.execute(_deliveries_of(post_ids)).all() if post_ids else []
        answered = answered_in(connection, kinds)
        received = receptions_in(connection, [row.id for row in posts])
        over_time = counts_in(connection, [row.id for row in posts])
    return Report(
        campaign=campaign.slug,
        title=campaign.title,
        event=_event(campaign),
        generated_at=clock.now(),
        language=campaign.language,
        time_zone=campaign.time_zone,
        rehearsal=campaign.rehearsal,
        steps=tuple(
            _step(step, campaign, kinds, counts, reasons, answered.get(step.id))
            for step in campaign.steps
        ),
        problems=tuple(_problem(row, steps[row.step_id], kinds) for row in problems),
        posts=tuple(
            _post(
                row,
                steps[row.step_id],
                received.get(row.id, Reception()),
                over_time.get(row.id, ()),
            )
            for row in posts
        ),
        acts=_acts(ledger, campaign),
    )


def _acts(ledger: Ledger, campaign: FrozenCampaign) -> tuple[ActReport, ...]:
    """Return what was done to a campaign. What was rehearsed was done by nobody."""
    if campaign.rehearsal:
        return ()
    return tuple(
        ActReport(
            at=entry.at,
            act=entry.act,
            step=entry.step,
            who=entry.who or "",
            words="" if entry.act in TOLD_BY_NAME else entry.words,
        )
        for entry in entries(ledger.engine, campaign.slug)
    )


def each_delivery(ledger: Ledger, campaign_slug: str) -> Iterator[DeliveryRow]:
    """Yield every delivery of a campaign, in order of step and recipient, as one moment saw them.

    Raises:
        LedgerError: the campaign has not been frozen.
    """
    steps = {step.id: step for step in ledger.campaign(campaign_slug).steps}
    with reading(ledger.engine) as connection:
        streamed = connection.execution_options(yield_per=ROWS_AT_ONCE)
        for row in streamed.execute(_deliveries_of(list(steps))):
            yield DeliveryRow(
                step=steps[row.step_id].number,
                channel=steps[row.step_id].channel,
                recipient=row.recipient,
                name=row.name,
                state=DeliveryState(row.state),
                reason=row.reason or "",
                attempts=row.attempts,
                updated_at=row.updated_at,
                code=row.code,
                enhanced=row.enhanced,
                reply=row.reply or "",
                url=row.url or "",
            )


def _states_of(step_ids: Mapping[int, object]) -> Select[Any]:
    """Count per step and state; the index on both answers it without reading a delivery."""
    d = t.delivery.c
    return (
        select(d.step_id, d.state, func.count())
        .where(d.step_id.in_(step_ids))
        .group_by(d.step_id, d.state)
    )


def _reasons_of(step_ids: Mapping[int, object]) -> Select[Any]:
    d = t.delivery.c
    # Written into the statement, or the index of what was skipped cannot be chosen for it.
    skipped = literal(DeliveryState.SKIPPED.value, literal_execute=True)
    return (
        select(d.step_id, d.reason, func.count())
        .where(d.step_id.in_(step_ids), d.state == skipped, d.reason.is_not(None))
        .group_by(d.step_id, d.reason)
    )


def _problems_of(step_ids: Mapping[int, object]) -> Select[Any]:
    d = t.delivery.c
    badness = case({state.value: rank for rank, state in enumerate(WORST_FIRST)}, value=d.state)
    return (
        select(d.step_id, d.recipient, d.state, d.code, d.enhanced, d.reply, d.reason)
        .where(d.step_id.in_(step_ids), d.state.in_(WORST_FIRST))
        .order_by(badness, d.step_id, d.id)
        .limit(MOST_PROBLEMS)
    )


def _deliveries_of(step_ids: Sequence[int]) -> Select[Any]:
    d = t.delivery.c
    # Not all columns: unpacking each recipient's fields would take most of the time.
    columns = (
        *(d.id, d.step_id, d.part, d.recipient, d.name, d.state, d.reason, d.attempts),
        *(d.updated_at, d.code, d.enhanced, d.reply, d.url),
    )
    return select(*columns).where(d.step_id.in_(step_ids)).order_by(d.step_id, d.id)


def _counted(connection: Connection, query: Select[Any], key: type[Any]) -> By:
    found: dict[int, dict[Any, int]] = {}
    for step_id, value, number in connection.execute(query):
        found.setdefault(step_id, {})[key(value)] = number
    return found


def _kind(step: FrozenStep) -> MessageKind:
    return CHANNEL_KINDS[step.channel.partition(":")[0]].sends


def _by_hand(step: FrozenStep) -> bool:
    return CHANNEL_KINDS[step.channel.partition(":")[0]].by_hand


def _event(campaign: FrozenCampaign) -> EventReport:
    local = Idiom(time_zone=campaign.time_zone).local(campaign.event_at)
    return EventReport(
        name=campaign.event_name,
        at=local,
        # A date alone counts as the day's first minute; nobody is invited for that hour.
        all_day=local.time() == time(0, 0),
    )


def _step(
    step: FrozenStep,
    campaign: FrozenCampaign,
    kinds: Mapping[int, MessageKind],
    counts: By,
    reasons: By,
    answered: Answered | None,
) -> StepReport:
    return StepReport(
        number=step.number,
        channel=step.channel,
        kind=kinds[step.id],
        by_hand=_by_hand(step),
        draft=step.draft,
        at=step.at,
        deadline=step.deadline,
        state=step.state,
        started_at=step.started_at,
        # A step that was launched after its time begins then, and that is not late.
        late=max(timedelta(), step.started_at - max(step.at, campaign.frozen_at or step.at))
        if step.started_at
        else timedelta(),
        finished_at=step.finished_at,
        planned=step.planned,
        counts=counts.get(step.id, {}),
        skipped_reasons=reasons.get(step.id, {}),
        # That it waits for a person is told in the reader's own words, with what to do.
        reason="" if step.reason == FOR_A_PERSON else step.reason or "",
        answered=answered.number if answered else 0,
        answered_by=answered.organisations if answered else (),
    )


def _problem(row: Row[Any], step: FrozenStep, kinds: Mapping[int, MessageKind]) -> ProblemDelivery:
    return ProblemDelivery(
        step=step.number,
        channel=step.channel,
        kind=kinds[step.id],
        recipient=row.recipient,
        state=DeliveryState(row.state),
        code=row.code,
        enhanced=row.enhanced,
        reply=row.reply or "",
        reason=row.reason or "",
    )


def _post(
    row: Row[Any], step: FrozenStep, received: Reception, over_time: tuple[Count, ...]
) -> PostReport:
    return PostReport(
        step=step.number,
        channel=step.channel,
        account=row.recipient,
        state=DeliveryState(row.state),
        number=row.part + 1,
        of=step.planned,
        url=row.url or "",
        numbers=received.numbers,
        over_time=over_time,
        passed_on_by=received.passed_on_by,
        by_hand=_by_hand(step),
        looked_at=received.looked_at,
        gone_at=received.gone_at,
        corrected_at=received.corrected_at,
        withdrawn_at=received.withdrawn_at,
    )
