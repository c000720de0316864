"""What a report says in English; the states are told in the words of the code."""

from __future__ import annotations

from flows.models import DeliveryState, SkipReason, StepState
from flows.reporting.words import Words
from flows.reporting.words_nl import NL

_D = DeliveryState
_R = SkipReason
_S = StepState

EN = Words(
    heading="Delivery report",
    rehearsal="Rehearsal",
    rehearsal_means="Nothing of this was really sent. The clock was simulated; what would have "
    "gone out lies in the outbox on this computer.",
    event="Event",
    all_day="its time was not given; the day counts from 00:00",
    generated="Made on",
    zone="All times are in the time zone {zone}.",
    per_channel="Per channel",
    timeline="Timeline",
    attention="What needs attention",
    problems="Messages that need attention",
    posts="Posts on social media",
    cannot_know="What this report cannot know",
    definitions="What the words mean",
    nothing_needs_attention="Nothing needs attention.",
    state="State",
    number="Number",
    share="Share",
    total="Total",
    planned="planned",
    of_planned="{count} of {planned}",
    step="Step",
    at="Planned",
    deadline="Deadline",
    finished="Finished",
    recipient="Recipient",
    what_happened="What happened",
    their_words="The server's answer",
    post="Post",
    place="Where it stands",
    reactions="Reactions",
    passed_on_by="Passed on by",
    nobody_yet="not known yet",
    chart_of="{channel}: messages by state",
    table_of="The figures of {channel}",
    problems_shown="{shown} of {total}; the worst come first.",
    personal_data="This holds recipients' addresses. Share it only with those who may see them.",
    post_number="{number} of {of}",
    and_="and",
    all_sent="All {planned} messages have been sent{before}.",
    one_sent="The message has been sent{before}.",
    some_sent="{accepted} of {planned} messages have been sent, {rest} have not{before}.",
    one_of_sent="1 of {planned} messages has been sent, {rest} not{before}.",
    none_sent="No message has been sent; planned: {planned}.",
    under_way="Sending is under way: sent {accepted} of {planned}, still to go {open}.",
    not_begun="Nothing has been sent yet. The first step is planned for {moment}{before}.",
    nothing_planned="There are no recipients, so there is nothing to send.",
    rehearsed_all="The rehearsal succeeded: all {planned} messages reached the outbox{before}.",
    rehearsed_one="The rehearsal succeeded: the message reached the outbox{before}.",
    rehearsed_some="In the rehearsal {accepted} of {planned} messages reached the outbox; "
    "{rest} did not.",
    learnt_later="Known of these: {what}.",
    handed_over="handed over",
    before_last="; the last step was through {before}",
    unbalanced="The numbers of step {step} ({channel}) do not add up: {planned} planned, {counted} "
    "counted. Send nothing more and have your technician look into it.",
    balanced="The numbers add up: every recipient is in exactly one state.",
    step_missed="Step {step} ({channel}) was not carried out: it had not started when its deadline "
    "came ({deadline}). Nothing goes out after that.",
    step_skipped="Step {step} ({channel}) was not carried out.",
    step_stopped="Step {step} ({channel}) was stopped by a person before it was through.",
    step_paused="Step {step} ({channel}) is held. It can go on with `oproep resume`.",
    cut_off="It was too late for {count} recipients of step {step} ({channel}): the deadline came "
    "before their message had left.",
    by_hand_waits="Step {step} ({channel}) lies ready to be posted by hand, before {deadline}: "
    "{count}. Then say with `oproep done` where it stands.",
    by_hand_missed="Step {step} ({channel}) was not reported as posted before the deadline: "
    "{count}. Is it there after all? Say so with `oproep done`.",
    by_hand_not_done="Step {step} ({channel}) was not posted by hand, as was reported: {count}.",
    post_waits="lies ready to be posted by hand",
    post_gone="deleted elsewhere, seen on {moment}",
    post_corrected="corrected on {moment}",
    post_withdrawn="withdrawn on {moment}",
    as_of="As of {moment}.",
    partner_uptake="Passed on by {count} of our partners: {names}.",
    attention_one={
        _D.UNCONFIRMED: "It is not certain whether 1 message went out. It is not sent again by "
        "itself; find out with `oproep settle`.",
        _D.COMPLAINED: "1 recipient reported the message as unwanted.",
        _D.REJECTED: "1 message was refused by the receiving server.",
        _D.BOUNCED: "1 message was accepted first and then returned.",
        _D.FAILED: "1 message failed. Try it again with `oproep retry`.",
        _D.DEFERRED: "1 message will be offered again later, until the deadline.",
    },
    attention_many={
        _D.UNCONFIRMED: "It is not certain whether {count} messages went out. They are not sent "
        "again by themselves; find out with `oproep settle`.",
        _D.COMPLAINED: "{count} recipients reported the message as unwanted.",
        _D.REJECTED: "{count} messages were refused by the receiving server.",
        _D.BOUNCED: "{count} messages were accepted first and then returned.",
        _D.FAILED: "{count} messages failed. Try them again with `oproep retry`.",
        _D.DEFERRED: "{count} messages will be offered again later, until the deadline.",
    },
    before_event="{duration} before {event}",
    after_event="{duration} after {event} began",
    at_event="as {event} began",
    the_day_of="the day of {event}",
    the_event="“{name}”",
    days=("day", "days"),
    hours=("h", "h"),
    minutes=("min", "min"),
    under_a_minute="less than a minute",
    channels={**NL.channels, "newsletter": "Newsletter", "mailout": "Mail to partners"},
    states={state: state.value for state in DeliveryState},
    state_meanings={
        _D.QUEUED: "Frozen for this step and not yet handed to anyone.",
        _D.SENDING: "An attempt has been recorded and its outcome has not.",
        _D.SENT: "The relay or server accepted it; whether it arrived is not known.",
        _D.DELIVERED: "The other side confirmed that it arrived or is visible.",
        _D.DEFERRED: "Refused for now; it is tried again until the deadline.",
        _D.REJECTED: "Refused for good at hand-over.",
        _D.BOUNCED: "Accepted first and returned later.",
        _D.COMPLAINED: "The recipient reported it as unwanted.",
        _D.FAILED: "We gave up: out of time, or it could not be made or carried.",
        _D.SKIPPED: "Deliberately not sent, for the reason that stands beside it.",
        _D.UNCONFIRMED: "It may have gone out; it is never sent again without proof that it did "
        "not.",
    },
    step_states={
        _S.SCHEDULED: "scheduled",
        _S.RUNNING: "running",
        _S.PAUSED: "paused",
        _S.STOPPED: "stopped",
        _S.DONE: "done",
        _S.SKIPPED: "not carried out",
    },
    reasons={
        _R.SUPPRESSED: "on the list of addresses that must never be mailed again",
        _R.UNSUBSCRIBED: "has unsubscribed",
        _R.DUPLICATE: "already gets this call another way",
        _R.DEADLINE: "the deadline had passed",
        _R.CANCELLED: "stopped or withdrawn by a person",
        _R.CONDITION: "what the step waited for did not come in time",
    },
    unknowns=(
        "Sent is not read. We do not measure who opens a mail or what anyone clicks; that is a "
        "choice, since the reader has not asked for it.",
        "Nor is sent delivered: a mail server may accept a message and then put it with the "
        "unwanted mail or return it.",
        "How many people saw a post, only the network knows. What stands here is what people "
        "visibly did: reply, like, pass on.",
    ),
    networks={
        "favourites": "favourites",
        "boosts": "boosts",
        "likes": "likes",
        "reposts": "reposts",
        "quotes": "quotes",
        "replies": "replies",
    },
)
