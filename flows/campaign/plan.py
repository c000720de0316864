"""`campaign.toml`: the event, and the steps that lead up to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from flows.audience.addresses import checked_address
from flows.audience.table import nearest
from flows.campaign.channel_kinds import CHANNEL_KINDS, ChannelKind
from flows.campaign.moments import Moment
from flows.campaign.segment import SEGMENT_KEYS, Segment, read_segment
from flows.campaign.toml_table import Table, TomlFile, read_toml_file
from flows.campaign.waiting import WAIT_KEYS, Wait, read_wait
from flows.models import Problem

PLAN_FILE = "campaign.toml"
_STEP_KEYS = ("channel", "account", "draft", "list", "at", "deadline", "not_before")
ALARM_BEFORE = timedelta(hours=2)
"""How long before the event somebody is told whether everything went out, if nothing else is said.
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMoment:
    """The fixed moment that the campaign leads up to."""

    name: str
    at: datetime
    """Aware, UTC."""
    has_time: bool
    """False when only the date is known; then `at` is 00:00 that day."""
    line: int | None = field(default=None, compare=False)
    """Where its moment stands in `campaign.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One scheduled act."""

    number: int
    """Place in `campaign.toml`, from 1."""
    channel: str
    """A key of `CHANNEL_KINDS`."""
    account: str
    """Name of the account it appears on; empty for mail."""
    draft: str
    """Path of the draft within the campaign's folder, with `/`."""
    list: str
    """Name of the mailing list; empty where lists mean nothing."""
    segment: Segment = field(default_factory=Segment)
    """Which of the list's subscribers it goes to."""
    at: datetime
    """Aware, UTC."""
    deadline: datetime
    """Aware, UTC. It must not start after this, and must stop at it."""
    not_before: datetime | None
    """Aware, UTC: the embargo. It must not start before this, whatever else happens."""
    wait: Wait | None = None
    """What it waits for besides its moment."""
    written: str
    """The text `at` was written as, such as `event - 17h`."""
    line: int | None = field(default=None, compare=False)
    """Where it begins in `campaign.toml`."""

    @property
    def kind(self) -> ChannelKind:
        """What its channel is like."""
        return CHANNEL_KINDS[self.channel]

    @property
    def starts(self) -> datetime:
        """When it begins: at its moment, or at the end of the embargo if that is later."""
        return max(self.at, self.not_before or self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPlan:
    """When somebody is told whether everything went out, and who: the table `[alarm]`."""

    at: datetime | None = None
    """Aware, UTC; `ALARM_BEFORE` the event if None."""
    to: str = ""
    """Whom to mail; where the organisation reads its answers if empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """The event and the steps, in the order of the file."""

    event: EventMoment
    steps: tuple[Step, ...]
    alarm: AlarmPlan = AlarmPlan()
    prefer: int | str = ""
    """The step or channel whose mail a person gets whom several would reach: `[recipients]`."""
    warnings: tuple[Problem, ...] = ()
    """What could be read, but deserves a look."""

    @property
    def mails_by_preference(self) -> tuple[Step, ...]:
        """The steps of mail: a person gets that of the first one which reaches them."""
        return tuple(
            sorted(
                (step for step in self.steps if step.kind.is_mail),
                key=lambda step: (
                    self.prefer not in (step.number, step.channel),
                    step.starts,
                    step.number,
                ),
            )
        )


def read_plan(path: Path, *, zone: ZoneInfo) -> CampaignPlan:
    """Read `campaign.toml`.

    Args:
        path: The file.
        zone: The organisation's time zone, in which local times are meant.

    Raises:
        InputError: the file is missing, is not UTF-8 or is not TOML.
        Faults: it is TOML but no plan; every fault is named with its line.
    """
    file = read_toml_file(path)
    file.root.only(("event", "step", "alarm", "recipients"))
    event = file.table("event")
    if event is None:
        mend = 'Write a line `[event]`, then `name = "…"` and `at = 2026-02-12T10:00`.'
        file.root.blame("event-missing", "There is no event.", mend, key="event")
    moment = _event_moment(event, zone) if event else None
    steps = _steps(file, zone, moment)
    alarm = _alarm(file.table("alarm"), zone, moment)
    prefer = _preferred(file.table("recipients"), steps)
    file.raise_faults()
    if event is None or moment is None:
        raise AssertionError("an event that could not be read is a fault")
    return CampaignPlan(
        event=EventMoment(
            name=event.text("name"),
            at=moment.at,
            has_time=moment.has_time,
            line=event.line_of("at"),
        ),
        steps=tuple(steps),
        alarm=alarm,
        prefer=prefer,
        warnings=tuple(file.found),
    )


def _event_moment(table: Table, zone: ZoneInfo) -> Moment | None:
    table.only(("name", "at"))
    table.text("name", required=True)
    if "at" in table.values:
        return table.moment("at", zone=zone, event=None)
    table.blame("field", "at is missing.", "Write `at = 2026-02-12T10:00`.")
    return None


def _alarm(table: Table | None, zone: ZoneInfo, event: Moment | None) -> AlarmPlan:
    if table is None:
        return AlarmPlan()
    table.only(("at", "to"))
    to = table.text("to")
    if to:
        try:
            to = checked_address(to)
        except ValueError as error:
            table.blame("address", str(error), "Write an address, or leave it out.", key="to")
    moment = None
    if "at" in table.values and event is not None:
        moment = table.moment("at", zone=zone, event=event)
    return AlarmPlan(at=moment.at if moment else None, to=to)


def _preferred(table: Table | None, steps: Sequence[Step]) -> int | str:
    """Return the step or channel that is preferred; empty for the one that goes out first."""
    if table is None:
        return ""
    table.only(("prefer",))
    prefer = table.values.get("prefer", "")
    mails = [step for step in steps if step.kind.is_mail]
    known: set[object] = {"", *(step.number for step in mails), *(step.channel for step in mails)}
    if isinstance(prefer, int | str) and not isinstance(prefer, bool) and prefer in known:
        return prefer
    what = f"There is no step of mail {prefer!r} to prefer."
    table.blame("prefer", what, "Write the channel or the number of a step of mail.", key="prefer")
    return ""


def _steps(file: TomlFile, zone: ZoneInfo, event: Moment | None) -> list[Step]:
    tables = file.tables("step")
    if not tables:
        mend = 'Write `[[step]]`, then `channel = "newsletter"` and `at = "event - 17h"`.'
        file.root.blame("step-missing", "There are no steps.", mend, key="step")
    steps = [_step(table, zone, event) for table in tables]
    known = [step for step in steps if step is not None]
    if len(known) == len(tables):
        for table, step in zip(tables, known, strict=True):
            _note_vain_wait(table, step, known)
    return known


def _note_vain_wait(table: Table, step: Step, steps: Sequence[Step]) -> None:
    """Note a wait for a step that is not there, or that cannot be through before this one."""
    if step.wait is None or step.wait.is_for_page:
        return
    others = _waited_for(step, steps)
    if not others:
        named = f"step {step.wait.step}" if step.wait.step else f"{step.wait.step_channel} step"
        what, mend = f"There is no {named} to wait for.", "Name a step that is there."
    elif others == [step]:
        what, mend = f"Step {step.number} waits for itself.", "Name another step."
    elif any(each.starts > step.starts for each in others if each is not step):
        what = f"Step {step.number} waits for a step that begins later."
        mend = "Let it begin later, or wait for another step."
    elif _comes_back(step, steps):
        what = f"Step {step.number} waits for a step that waits for step {step.number}."
        mend = "Take one of the two waits out."
    else:
        return
    table.blame("wait", what, mend, key="wait_for")


def _waited_for(step: Step, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that a step waits for; none if it waits for nothing, or for a page."""
    if step.wait is None or step.wait.is_for_page:
        return []
    number, channel = step.wait.step, step.wait.step_channel
    return [each for each in steps if number == each.number or channel == each.channel]


def _comes_back(step: Step, steps: Sequence[Step]) -> bool:
    """Return whether a step waits in the end for itself, by way of others."""
    reached, ahead = set[int](), [step]
    while ahead:
        one = ahead.pop()
        for each in _waited_for(one, steps):
            if each is not one and each.number not in reached:
                reached.add(each.number)
                ahead.append(each)
    return step.number in reached


def _step(table: Table, zone: ZoneInfo, event: Moment | None) -> Step | None:
    """Return one step, or note everything that is wrong with it."""
    before = len(table.file.errors())
    table.only((*_STEP_KEYS, *SEGMENT_KEYS, *WAIT_KEYS))
    kind = _kind(table)
    if kind is not None:
        _note_misfits(table, kind)
    segment = read_segment(table, kind)
    if "at" not in table.values:
        table.blame("field", "at is missing.", 'Write `at = "event - 17h"`.')
    moments = {
        key: table.moment(key, zone=zone, event=event)
        for key in ("at", "deadline", "not_before")
        # Without an event nothing can hang on it, and that fault is already told.
        if key in table.values and event is not None
    }
    wait = read_wait(table, zone=zone, event=event)
    at, deadline, embargo = (moments.get(key) for key in ("at", "deadline", "not_before"))
    if kind is None or event is None or at is None or len(table.file.errors()) > before:
        return None
    return Step(
        number=table.number,
        channel=kind.key,
        account=table.text("account") or ("" if kind.is_mail else "default"),
        draft=table.text("draft") or kind.draft,
        list=table.text("list") or kind.default_list or "",
        segment=segment,
        at=at.at,
        deadline=deadline.at if deadline else event.at,
        not_before=embargo.at if embargo else None,
        wait=wait,
        written=at.written,
        line=table.line,
    )


def _kind(table: Table) -> ChannelKind | None:
    channel = table.text("channel", required=True)
    if channel and channel not in CHANNEL_KINDS:
        mend = nearest(channel, CHANNEL_KINDS) or f"There are: {', '.join(CHANNEL_KINDS)}."
        table.blame("channel-unknown", f"There is no channel {channel!r}.", mend, key="channel")
    return CHANNEL_KINDS.get(channel)


def _note_misfits(table: Table, kind: ChannelKind) -> None:
    """Note fields that mean nothing for this channel, and names that are none."""
    for key, fits in (("list", kind.default_list is not None), ("account", not kind.is_mail)):
        name = table.text(key)
        if name and not fits:
            what = f"A {kind.label} step has no {key}."
            table.blame("key-misplaced", what, "Remove it.", key=key)
        elif name and not _NAME.fullmatch(name):
            what = f"{name!r} cannot be the name of the {key}."
            table.blame("name", what, "Use letters, digits, `-` and `_`.", key=key)
    draft = table.text("draft")
    path = PurePosixPath(draft)
    outside = path.is_absolute() or ".." in path.parts or "\\" in draft
    if draft and (outside or path.suffix != ".md"):
        what = f"{draft!r} is not a draft in the campaign's folder."
        mend = "Write a path within the folder that ends in .md, such as posts/oproep.md."
        table.blame("draft-path", what, mend, key="draft")
