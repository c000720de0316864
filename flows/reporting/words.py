"""What a report has words for. One value per language, so that a missing word is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.models import DeliveryState, SkipReason, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything a report says in one language. Braces are filled in by `str.format`."""

    heading: str
    rehearsal: str
    rehearsal_means: str
    event: str
    all_day: str
    generated: str
    zone: str
    """`{zone}`"""
    per_channel: str
    timeline: str
    attention: str
    problems: str
    posts: str
    cannot_know: str
    definitions: str
    nothing_needs_attention: str

    state: str
    number: str
    share: str
    total: str
    planned: str
    of_planned: str
    """`{count} {planned}`"""
    step: str
    at: str
    deadline: str
    finished: str
    recipient: str
    what_happened: str
    their_words: str
    post: str
    place: str
    reactions: str
    passed_on_by: str
    nobody_yet: str
    chart_of: str
    """`{channel}`"""
    table_of: str
    problems_shown: str
    """`{shown} {total}`"""
    personal_data: str
    post_number: str
    """`{number} {of}`"""
    and_: str

    all_sent: str
    """`{planned} {before}`; and so on for the next ones."""
    one_sent: str
    some_sent: str
    one_of_sent: str
    none_sent: str
    under_way: str
    not_begun: str
    nothing_planned: str
    rehearsed_all: str
    rehearsed_one: str
    rehearsed_some: str
    learnt_later: str
    """`{what}`: what became known of messages after they were sent."""
    handed_over: str
    before_last: str
    """`{before}`: how long before the event the last step was through."""

    unbalanced: str
    """`{step} {channel} {planned} {counted}`"""
    balanced: str
    step_missed: str
    """`{step} {channel} {deadline}`"""
    step_skipped: str
    step_empty: str
    step_stopped: str
    step_paused: str
    step_late: str
    """`{step} {channel} {late} {at}`"""
    cut_off: str
    """`{count} {step} {channel}`"""
    by_hand_waits: str
    """`{count} {step} {channel} {deadline}`"""
    by_hand_missed: str
    by_hand_not_done: str
    post_waits: str
    """What stands in place of the state of a post that lies ready for a person."""
    post_gone: str
    """`{moment}`; and so on for the next ones."""
    post_corrected: str
    post_withdrawn: str
    as_of: str
    partner_uptake: str
    """`{count} {names}`"""
    attention_one: Mapping[DeliveryState, str]
    """What one delivery in this state asks of the reader."""
    attention_many: Mapping[DeliveryState, str]
    """`{count}`"""

    before_event: str
    """`{duration} {event}`"""
    after_event: str
    at_event: str
    the_day_of: str
    """`{event}`: an event whose time is not known."""
    the_event: str
    """`{name}`: an event whose name does not tell its article."""
    days: tuple[str, str]
    """One, several."""
    hours: tuple[str, str]
    minutes: tuple[str, str]
    under_a_minute: str

    channels: Mapping[str, str]
    states: Mapping[DeliveryState, str]
    state_meanings: Mapping[DeliveryState, str]
    step_states: Mapping[StepState, str]
    reasons: Mapping[SkipReason, str]
    answered: str
    """`{count}` recipients answered the mail."""
    unknowns: tuple[str, ...]
    """What no report of ours can say, a sentence each."""
    acts: Mapping[str, str]
    """What people, or the program on their behalf, did; what is not here is not told."""
    by: str
    """`{who}`"""
    networks: Mapping[str, str]
    """What networks count, by their own word."""
