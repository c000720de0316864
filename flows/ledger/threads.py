"""A step's posts in the order of their thread: where each stands, and which may go next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, insert, select, update

from flows.compose.messages import Picture, Post
from flows.database import reading
from flows.ledger import tables as t
from flows.models import DeliveryState, StepState

ACCEPTED = (DeliveryState.SENT, DeliveryState.DELIVERED)
WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
BY_HAND = "by hand"
"""The reason beside a delivery that lies ready for a person."""
FOR_A_PERSON = "It lies ready to be posted by hand."
"""The reason of a running step that only waits for a person: nothing has to be run for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One post of a step, as the ledger knows it."""

    id: int
    """Of its delivery."""
    part: int
    """Place in the thread, from 0."""
    state: DeliveryState
    due_at: datetime | None
    reply: str
    """The other side's last words."""
    recipient: str
    attempts: int
    first_tried: datetime | None
    last_tried: datetime | None


def thread(engine: Engine, step_id: int) -> list[Standing]:
    """Return the posts of a step in the order of the thread."""
    d, a = t.delivery.c, t.attempt.c
    query = (
        select(
            *(d.id, d.part, d.state, d.due_at, d.reply, d.recipient, d.attempts),
            func.min(a.at).label("first_tried"),
            func.max(a.at).label("last_tried"),
        )
        .join(t.attempt, a.delivery_id == d.id, isouter=True)
        .where(d.step_id == step_id)
        .group_by(d.id)
        .order_by(d.part, d.id)
    )
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [
        Standing(**{**row._mapping, "state": DeliveryState(row.state), "reply": row.reply or ""})
        for row in rows
    ]


def claim_post(engine: Engine, worker_id: int, delivery_id: int) -> bool:
    """Make one delivery this worker's to hand over; False if another one has it or had it."""
    with engine.begin() as connection:
        claimed = connection.execute(
            update(t.delivery)
            .where(t.delivery.c.id == delivery_id, t.delivery.c.worker_id.is_(None))
            .where(t.delivery.c.state.in_(WAITING))
            .values(worker_id=worker_id)
        )
    return claimed.rowcount == 1


def leave_to_person(engine: Engine, step_id: int) -> None:
    """Note that all of a running step lies ready, so that nobody runs it again for nothing."""
    d = t.delivery.c
    left = select(d.id).where(d.step_id == step_id, d.state == DeliveryState.QUEUED)
    waits = select(d.id).where(d.step_id == step_id, d.reason == BY_HAND)
    with engine.begin() as connection:
        connection.execute(
            update(t.step)
            .where(t.step.c.id == step_id, t.step.c.state == StepState.RUNNING)
            .where(waits.exists(), ~left.exists())
            .values(reason=FOR_A_PERSON)
        )


def taken(engine: Engine, recipient: str, *, but: int) -> set[str]:
    """Return the remote ids of all other deliveries to an account, of whatever campaign."""
    d = t.delivery.c
    with reading(engine) as connection:
        found = connection.scalars(
            select(d.remote_id).where(
                d.recipient_key == recipient.casefold(), d.remote_id.is_not(None), d.id != but
            )
        )
        return {remote_id for remote_id in found if remote_id}


def keep_wording(engine: Engine, delivery_id: int, post: Post) -> None:
    """Keep what a post says, before the request that makes it visible."""
    with engine.begin() as connection:
        connection.execute(delete(t.wording).where(t.wording.c.delivery_id == delivery_id))
        connection.execute(
            insert(t.wording).values(
                delivery_id=delivery_id,
                text=post.text,
                content_warning=post.content_warning,
                pictures=len(post.pictures),
            )
        )


def kept_wording(engine: Engine, delivery_id: int) -> Post | None:
    """Return a post as far as it takes to know it again; None if it was never asked for."""
    with reading(engine) as connection:
        row = connection.execute(
            select(t.wording, t.delivery.c.part)
            .join(t.delivery)
            .where(t.wording.c.delivery_id == delivery_id)
        ).first()
    if row is None:
        return None
    unseen = Picture(file_name="", media_type="", content=b"", alt="")
    return Post(
        account="",
        text=row.text,
        language="",
        content_warning=row.content_warning,
        pictures=(unseen,) * row.pictures,
        number=row.part + 1,
    )
