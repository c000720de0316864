"""The words of a report in Dutch and in English, side by side.

One value per language, so that a type checker sees a word that is missing in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.models import DeliveryState, SkipReason, StepState

_D = DeliveryState
_R = SkipReason
_S = StepState


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
    step_stopped: str
    step_paused: str
    cut_off: str
    """`{count} {step} {channel}`"""
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
    unknowns: tuple[str, ...]
    """What no report of ours can say, a sentence each."""
    networks: Mapping[str, str]
    """What networks count, by their own word."""


NL = Words(
    heading="Verzendverslag",
    rehearsal="Repetitie",
    rehearsal_means="Niets hiervan is echt verzonden. De klok was nagebootst; wat eruit zou zijn "
    "gegaan, staat in de outbox op deze computer.",
    event="Gebeurtenis",
    all_day="de begintijd is niet opgegeven; de dag telt vanaf 00:00 uur",
    generated="Opgemaakt op",
    zone="Alle tijden gelden in de tijdzone {zone}.",
    per_channel="Per kanaal",
    timeline="Tijdlijn",
    attention="Wat aandacht vraagt",
    problems="Berichten die aandacht vragen",
    posts="Berichten op sociale media",
    cannot_know="Wat dit verslag niet kan weten",
    definitions="Wat de woorden betekenen",
    nothing_needs_attention="Er is niets dat aandacht vraagt.",
    state="Toestand",
    number="Aantal",
    share="Aandeel",
    total="Totaal",
    planned="gepland",
    of_planned="{count} van {planned}",
    step="Stap",
    at="Gepland",
    deadline="Uiterlijk",
    finished="Klaar",
    recipient="Ontvanger",
    what_happened="Wat er gebeurde",
    their_words="Antwoord van de server",
    post="Bericht",
    place="Waar het staat",
    reactions="Reacties",
    passed_on_by="Doorgegeven door",
    nobody_yet="nog niet bekend",
    chart_of="{channel}: berichten per toestand",
    table_of="De cijfers van {channel}",
    problems_shown="{shown} van {total}; de ernstigste staan bovenaan.",
    personal_data="Hier staan adressen van ontvangers. Deel dit verslag alleen met wie ze mag "
    "zien.",
    post_number="{number} van {of}",
    and_="en",
    all_sent="Alle {planned} berichten zijn verzonden{before}.",
    one_sent="Het bericht is verzonden{before}.",
    some_sent="{accepted} van de {planned} berichten zijn verzonden, {rest} niet{before}.",
    one_of_sent="1 van de {planned} berichten is verzonden, {rest} niet{before}.",
    none_sent="Er is geen bericht verzonden; gepland: {planned}.",
    under_way="De verzending loopt nog: verzonden {accepted} van de {planned}, nog te gaan {open}.",
    not_begun="Er is nog niets verzonden. De eerste stap staat gepland op {moment}{before}.",
    nothing_planned="Er zijn geen ontvangers, dus er is niets te verzenden.",
    rehearsed_all="De repetitie is geslaagd: alle {planned} berichten kwamen in de outbox{before}.",
    rehearsed_one="De repetitie is geslaagd: het bericht kwam in de outbox{before}.",
    rehearsed_some="In de repetitie kwamen {accepted} van de {planned} berichten in de outbox; "
    "{rest} niet.",
    learnt_later="Daarvan bekend: {what}.",
    handed_over="overgedragen",
    before_last="; de laatste stap was klaar {before}",
    unbalanced="De aantallen van stap {step} ({channel}) kloppen niet: {planned} gepland, "
    "{counted} geteld. Verzend niets meer en laat dit uitzoeken door de technisch beheerder.",
    balanced="De aantallen kloppen: elke ontvanger staat in precies één toestand.",
    step_missed="Stap {step} ({channel}) is niet uitgevoerd: hij was niet begonnen toen de "
    "uiterste tijd verstreek ({deadline}). Na die tijd gaat er niets meer uit.",
    step_stopped="Stap {step} ({channel}) is door iemand gestopt voordat hij klaar was.",
    step_paused="Stap {step} ({channel}) staat stil. Hij kan verder met `oproep resume`.",
    cut_off="Voor {count} ontvangers van stap {step} ({channel}) was het te laat: de uiterste tijd "
    "verstreek voordat hun bericht weg was.",
    attention_one={
        _D.UNCONFIRMED: "Van 1 bericht is niet zeker of het is verzonden. Het gaat niet vanzelf "
        "opnieuw uit; zoek het na met `oproep settle`.",
        _D.COMPLAINED: "1 ontvanger heeft het bericht als ongewenst gemeld.",
        _D.REJECTED: "1 bericht is door de ontvangende server geweigerd.",
        _D.BOUNCED: "1 bericht is eerst aangenomen en daarna teruggekomen.",
        _D.FAILED: "1 bericht is mislukt. Probeer het opnieuw met `oproep retry`.",
        _D.DEFERRED: "1 bericht wordt later opnieuw aangeboden, tot de uiterste tijd.",
    },
    attention_many={
        _D.UNCONFIRMED: "Van {count} berichten is niet zeker of ze zijn verzonden. Ze gaan niet "
        "vanzelf opnieuw uit; zoek ze na met `oproep settle`.",
        _D.COMPLAINED: "{count} ontvangers hebben het bericht als ongewenst gemeld.",
        _D.REJECTED: "{count} berichten zijn door de ontvangende server geweigerd.",
        _D.BOUNCED: "{count} berichten zijn eerst aangenomen en daarna teruggekomen.",
        _D.FAILED: "{count} berichten zijn mislukt. Probeer ze opnieuw met `oproep retry`.",
        _D.DEFERRED: "{count} berichten worden later opnieuw aangeboden, tot de uiterste tijd.",
    },
    before_event="{duration} voor {event}",
    after_event="{duration} na het begin van {event}",
    at_event="bij het begin van {event}",
    the_day_of="de dag van {event}",
    the_event="‘{name}’",
    days=("dag", "dagen"),
    hours=("uur", "uur"),
    minutes=("minuut", "minuten"),
    under_a_minute="minder dan een minuut",
    channels={
        "newsletter": "Nieuwsbrief",
        "mailout": "Mail aan partners",
        "mastodon": "Mastodon",
        "bluesky": "Bluesky",
        "linkedin": "LinkedIn",
        "instagram": "Instagram",
        "facebook": "Facebook",
        "whatsapp": "WhatsApp",
        "x": "X",
    },
    states={
        _D.QUEUED: "in de wachtrij",
        _D.SENDING: "wordt verzonden",
        _D.SENT: "verzonden",
        _D.DELIVERED: "afgeleverd",
        _D.DEFERRED: "uitgesteld",
        _D.REJECTED: "geweigerd",
        _D.BOUNCED: "teruggekomen",
        _D.COMPLAINED: "als ongewenst gemeld",
        _D.FAILED: "mislukt",
        _D.SKIPPED: "overgeslagen",
        _D.UNCONFIRMED: "onzeker",
    },
    state_meanings={
        _D.QUEUED: "Vastgelegd voor deze stap en nog aan niemand overgedragen.",
        _D.SENDING: "Er is een poging vastgelegd en de afloop nog niet.",
        _D.SENT: "De mailserver of het netwerk heeft het aangenomen; of het is aangekomen, is "
        "niet bekend.",
        _D.DELIVERED: "De andere kant heeft bevestigd dat het is aangekomen of zichtbaar is.",
        _D.DEFERRED: "Voorlopig geweigerd; het wordt opnieuw geprobeerd tot de uiterste tijd.",
        _D.REJECTED: "Definitief geweigerd bij het aanbieden.",
        _D.BOUNCED: "Eerst aangenomen en later teruggestuurd.",
        _D.COMPLAINED: "De ontvanger heeft het als ongewenst gemeld.",
        _D.FAILED: "Opgegeven: de tijd was om, of het kon niet worden gemaakt of overgebracht.",
        _D.SKIPPED: "Met opzet niet verzonden, om de reden die erbij staat.",
        _D.UNCONFIRMED: "Het is misschien verzonden; zonder bewijs dat het niet is verzonden, gaat "
        "het nooit opnieuw uit.",
    },
    step_states={
        _S.SCHEDULED: "gepland",
        _S.RUNNING: "bezig",
        _S.PAUSED: "staat stil",
        _S.STOPPED: "gestopt",
        _S.DONE: "klaar",
        _S.SKIPPED: "niet uitgevoerd",
    },
    reasons={
        _R.SUPPRESSED: "staat op de lijst van adressen die nooit meer mail krijgen",
        _R.UNSUBSCRIBED: "heeft zich afgemeld",
        _R.DUPLICATE: "krijgt deze oproep al langs een andere weg",
        _R.DEADLINE: "de uiterste tijd was verstreken",
        _R.CANCELLED: "door iemand gestopt of ingetrokken",
    },
    unknowns=(
        "Verzonden is niet gelezen. Wij meten niet wie een mail opent of waarop iemand klikt; dat "
        "is een keuze, omdat de lezer daar niet om heeft gevraagd.",
        "Verzonden is ook nog niet afgeleverd: een mailserver kan een bericht aannemen en het "
        "daarna in de map met ongewenste mail leggen of terugsturen.",
        "Hoeveel mensen een bericht op sociale media hebben gezien, weet alleen het netwerk. Hier "
        "staat wat mensen zichtbaar deden: reageren, waarderen, doorgeven.",
    ),
    networks={
        "favourites": "favorieten",
        "boosts": "boosts",
        "likes": "vind-ik-leuks",
        "reposts": "doorgeplaatst",
        "replies": "antwoorden",
    },
)

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
    step_stopped="Step {step} ({channel}) was stopped by a person before it was through.",
    step_paused="Step {step} ({channel}) is held. It can go on with `oproep resume`.",
    cut_off="It was too late for {count} recipients of step {step} ({channel}): the deadline came "
    "before their message had left.",
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
        "replies": "replies",
    },
)

LANGUAGES: Mapping[str, Words] = {"nl": NL, "en": EN}
