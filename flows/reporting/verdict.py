"""What a report comes down to: one plain sentence, and what asks for somebody's attention."""

from __future__ import annotations

from datetime import timedelta

from flows.models import DeliveryState, SkipReason, StepState
from flows.reporting.idiom import Idiom, printable
from flows.reporting.model import (
    WORST_FIRST,
    ActReport,
    ChannelReport,
    Counts,
    PostReport,
    Report,
    StepReport,
)

LATER = (DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)
"""What may become known of a message that was sent."""


LATE = timedelta(minutes=2)
"""How long after its time a step may begin without anybody having to hear of it."""
BY_HAND = (DeliveryState.DEFERRED, DeliveryState.FAILED)
"""States that mean something of their own for a post by hand."""


def sentence(report: Report, idiom: Idiom) -> str:
    """Return the sentence that an officer or a board reads first."""
    words = idiom.words
    planned, accepted = report.planned, report.accepted
    begun = any(step.started_at for step in report.steps)
    if not planned:
        return words.nothing_planned
    if not begun and report.open == planned:
        first = min(report.steps, key=lambda step: step.at)
        return words.not_begun.format(
            moment=idiom.moment(first.at), before=", " + idiom.before(first.at, report.event)
        )
    if report.open:
        pattern = words.under_way
    elif not accepted:
        pattern = words.none_sent
    elif accepted == planned:
        pattern = words.all_sent if planned > 1 else words.one_sent
    else:
        pattern = words.some_sent if accepted > 1 else words.one_of_sent
    if report.rehearsal and not report.open:
        all_of_them = words.rehearsed_all if planned > 1 else words.rehearsed_one
        pattern = all_of_them if accepted == planned else words.rehearsed_some
    return pattern.format(
        planned=idiom.number(planned),
        accepted=idiom.number(accepted),
        rest=idiom.number(planned - accepted),
        open=idiom.number(report.open),
        before=_margin(report, idiom),
    )


def known(report: Report, idiom: Idiom) -> str:
    """Return what became known of messages after they were sent; empty if nothing has.

    In a rehearsal nobody is there to confirm or return anything.
    """
    words = idiom.words
    later = [
        f"{idiom.number(number)} {words.states[state]}"
        for state in LATER
        if (number := report.count(state))
    ]
    if report.rehearsal or not later:
        return ""
    return words.learnt_later.format(what=", ".join(later))


def answers_line(channel: ChannelReport, idiom: Idiom) -> str:
    """Return who answered a channel's mails: how many, and which partner organisations."""
    names = ", ".join(printable(name) for name in channel.answered_by)
    said = idiom.words.answered.format(count=idiom.number(channel.answered))
    return f"{said}: {names}" if names else said


def sum_line(planned: int, counts: Counts, idiom: Idiom) -> str:
    """Return the sum that must hold: `planned 23 = sent 20 + skipped 3`."""
    terms = [
        f"{idiom.words.states[state]} {idiom.number(counts[state])}"
        for state in DeliveryState
        if counts.get(state)
    ]
    sign = "=" if planned == sum(counts.values()) else "≠"
    return f"{idiom.words.planned} {idiom.number(planned)} {sign} {' + '.join(terms) or '0'}"


def act_line(act: ActReport, idiom: Idiom) -> str:
    """Return in one line what was done, by whom and why; empty if there is no word for it."""
    words = idiom.words
    if act.act not in words.acts:
        return ""
    place = f"{words.step} {act.step} " if act.step is not None else ""
    by = f" {words.by.format(who=printable(act.who))}" if act.who else ""
    why = f": {printable(act.words)}" if act.words else ""
    line = f"{place}{words.acts[act.act]}{by}{why}"
    return line[:1].upper() + line[1:]


def attention(report: Report, idiom: Idiom) -> list[str]:
    """Return what a person should look at, worst first; empty if there is nothing."""
    words = idiom.words
    found = [line for step in report.steps for line in _about_step(step, idiom)]
    for state in WORST_FIRST:
        # What waits for a person, or was not done, is told with its step.
        told = sum(step.for_a_person.get(state, 0) for step in report.steps)
        if number := report.count(state) - (told if state in BY_HAND else 0):
            several = words.attention_many[state].format(count=idiom.number(number))
            found.append(words.attention_one[state] if number == 1 else several)
    gone = [post for post in report.posts if post.gone_at and not post.withdrawn_at]
    return found + [f"{place_of(post, idiom)}: {standing(post, idiom)}." for post in gone]


def _margin(report: Report, idiom: Idiom) -> str:
    """Return how long before the event the last step that sent anything was through."""
    ends = [
        step.finished_at
        for step in report.steps
        if step.finished_at and step.state is not StepState.SKIPPED
    ]
    if not ends:
        return ""
    before = idiom.before(max(ends), report.event)
    # A step also ends when it has given up, so it is the last message's time only if all went.
    if report.accepted == report.planned:
        return ", " + before
    return idiom.words.before_last.format(before=before)


def _about_step(step: StepReport, idiom: Idiom) -> list[str]:
    words = idiom.words
    late = step.skipped_reasons.get(SkipReason.DEADLINE, 0)
    missed = late if step.by_hand and step.state is not StepState.SKIPPED else 0
    waits, not_done = (step.for_a_person.get(state, 0) for state in BY_HAND)
    patterns = {
        words.unbalanced: not step.balanced,
        words.step_empty: not step.planned,
        words.step_missed: step.state is StepState.SKIPPED and bool(late),
        words.step_skipped: step.state is StepState.SKIPPED and bool(step.planned and not late),
        words.step_stopped: step.state is StepState.STOPPED,
        words.step_paused: step.state is StepState.PAUSED,
        words.step_late: step.late >= LATE,
        words.cut_off: bool(late - missed) and step.state is not StepState.SKIPPED,
        words.by_hand_waits: bool(waits),
        words.by_hand_missed: bool(missed),
        words.by_hand_not_done: bool(not_done),
    }
    # Why it stands like that is said once, with the first of the lines.
    told = [
        pattern.format(
            step=step.number,
            channel=idiom.channel(step.channel),
            planned=idiom.number(step.planned),
            counted=idiom.number(sum(step.counts.values())),
            deadline=idiom.moment(step.deadline),
            at=idiom.moment(step.at),
            late=idiom.duration(step.late),
            count=idiom.number(waits or not_done or late),
        )
        for pattern, applies in patterns.items()
        if applies
    ]
    return [f"{told[0]} {step.reason}", *told[1:]] if told and step.reason else told


def place_of(post: PostReport, idiom: Idiom) -> str:
    """Return a post's channel and its place in the thread."""
    place = idiom.words.post_number.format(number=post.number, of=post.of)
    return f"{idiom.channel(post.channel)} {place}"


def standing(post: PostReport, idiom: Idiom) -> str:
    """Return where a post stands, with what became of it since."""
    words = idiom.words
    waits = post.by_hand and post.state is DeliveryState.DEFERRED
    told = [words.post_waits if waits else words.states[post.state]]
    later = (
        (words.post_corrected, post.corrected_at),
        (words.post_gone, None if post.withdrawn_at else post.gone_at),
        (words.post_withdrawn, post.withdrawn_at),
    )
    told += [pattern.format(moment=idiom.short(at)) for pattern, at in later if at is not None]
    return "; ".join(told)


def uptake_of(report: Report, idiom: Idiom) -> str:
    """Return which partners passed posts on, and how fresh the numbers are; empty if unknown."""
    looked = [post.looked_at for post in report.posts if post.looked_at]
    if not looked:
        return ""
    told = [idiom.words.as_of.format(moment=idiom.moment(max(looked)))]
    if names := report.partner_uptake:
        told.append(
            idiom.words.partner_uptake.format(
                count=idiom.number(len(names)), names=", ".join(map(printable, names))
            )
        )
    return " ".join(told)
