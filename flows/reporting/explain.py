"""Reply codes of mail servers and networks in plain words, Dutch and English.

The tables follow RFC 5321 (reply codes), RFC 3463 and its registry at IANA (enhanced codes) and
RFC 9110 (HTTP). The raw code always stands beside the words, never instead of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from flows.models import DeliveryState, MessageKind
from flows.reporting.model import ProblemDelivery

Said = tuple[str, str]
"""Dutch, English."""

ENHANCED: Mapping[str, Said] = {
    "1.1": ("Dit adres bestaat niet (meer).", "This address does not exist (any more)."),
    "1.2": ("Het domein van dit adres bestaat niet.", "The domain of this address does not exist."),
    "1.3": ("Dit adres is niet goed geschreven.", "This address is not written correctly."),
    "1.6": ("De postbus is verhuisd.", "The mailbox has moved."),
    "1.8": (
        "De ontvangende server aanvaardt ons afzenderadres niet.",
        "The receiving server does not accept our sender address.",
    ),
    "1.10": ("Dit domein wil geen mail ontvangen.", "This domain wants no mail."),
    "2.1": ("De postbus is uitgeschakeld.", "The mailbox has been disabled."),
    "2.2": ("De postbus is vol.", "The mailbox is full."),
    "2.3": (
        "Het bericht is te groot voor deze postbus.",
        "The message is too large for this mailbox.",
    ),
    "3.1": ("De ontvangende server heeft geen ruimte.", "The receiving server is out of space."),
    "3.2": (
        "De ontvangende server neemt nu niets aan.",
        "The receiving server accepts nothing now.",
    ),
    "3.4": ("Het bericht is te groot.", "The message is too large."),
    "4.1": ("De ontvangende server antwoordde niet.", "The receiving server did not answer."),
    "4.2": ("De verbinding viel weg.", "The connection was lost."),
    "4.4": (
        "De ontvangende server is niet te vinden.",
        "The receiving server cannot be found.",
    ),
    "4.5": ("De ontvangende server heeft het te druk.", "The receiving server is too busy."),
    "4.7": (
        "Het bericht kon niet op tijd worden bezorgd.",
        "The message could not be delivered in time.",
    ),
    "5.3": ("Er waren te veel ontvangers tegelijk.", "There were too many recipients at once."),
    "6.7": (
        "De ontvangende server kan niet overweg met letters met accenten in een adres.",
        "The receiving server cannot take accented letters in an address.",
    ),
    "7.1": (
        "De ontvangende server weigert onze mail volgens zijn eigen regels.",
        "The receiving server refuses our mail by its own rules.",
    ),
    "7.8": (
        "Onze inloggegevens worden niet aanvaard.",
        "Our user name and password are not accepted.",
    ),
    "7.26": (
        "De ontvangende server vertrouwt onze afzender niet (SPF of DKIM klopt niet).",
        "The receiving server does not trust our sender (SPF or DKIM fails).",
    ),
}
ENHANCED_SUBJECT: Mapping[str, Said] = {
    "1": ("Er is iets mis met het adres.", "Something is wrong with the address."),
    "2": ("Er is iets mis met de postbus.", "Something is wrong with the mailbox."),
    "3": (
        "De ontvangende server kan dit bericht niet verwerken.",
        "The receiving server cannot handle this message.",
    ),
    "4": ("Het netwerk of de verbinding haperde.", "The network or the connection failed."),
    "5": (
        "De servers begrepen elkaar niet.",
        "The two servers did not understand each other.",
    ),
    "6": (
        "De inhoud van het bericht wordt niet aanvaard.",
        "The content of the message is not accepted.",
    ),
    "7": (
        "De ontvangende server blokkeert ons bericht.",
        "The receiving server blocks our message.",
    ),
}
"""By the second number of an enhanced code, for what the first table does not name."""

SMTP: Mapping[int, Said] = {
    421: ("De server is even niet beschikbaar.", "The server is not available for now."),
    450: ("De postbus is nu niet bereikbaar.", "The mailbox cannot be reached now."),
    451: (
        "De server vraagt het later nog eens te proberen.",
        "The server asks to try again later.",
    ),
    452: ("De server heeft te weinig ruimte.", "The server is short of space."),
    530: ("De server verlangt dat wij inloggen.", "The server requires us to log in."),
    535: (
        "Onze inloggegevens worden niet aanvaard.",
        "Our user name and password are not accepted.",
    ),
    550: (
        "De postbus bestaat niet of weigert deze mail.",
        "The mailbox does not exist or refuses this mail.",
    ),
    551: ("De ontvanger zit niet op deze server.", "The recipient is not on this server."),
    552: ("De postbus is vol of het bericht te groot.", "Mailbox full, or message too large."),
    553: ("Dit adres is niet toegestaan.", "This address is not allowed."),
    554: ("De server weigert het bericht.", "The server refuses the message."),
    556: ("Dit domein wil geen mail ontvangen.", "This domain wants no mail."),
}

HTTP: Mapping[int, Said] = {
    400: ("Het netwerk begreep het bericht niet.", "The network did not understand the post."),
    401: (
        "Onze toegang tot het account is ingetrokken of verlopen.",
        "Our access to the account was revoked or has expired.",
    ),
    403: ("Dit account mag dit niet plaatsen.", "This account may not post this."),
    404: ("Het netwerk kent dit adres niet.", "The network does not know this address."),
    413: ("De afbeelding of het bericht is te groot.", "The picture or the post is too large."),
    422: ("Het netwerk keurt de inhoud af.", "The network does not accept the content."),
    429: (
        "Het netwerk vraagt om te wachten: te veel verzoeken.",
        "The network asks us to wait: too many requests.",
    ),
    500: ("Het netwerk had een storing.", "The network had a fault."),
    502: ("Het netwerk is niet goed bereikbaar.", "The network cannot be reached properly."),
    503: ("Het netwerk is even niet beschikbaar.", "The network is not available for now."),
    504: ("Het netwerk antwoordde niet op tijd.", "The network did not answer in time."),
}

WITHOUT_CODE: Mapping[DeliveryState, Said] = {
    DeliveryState.UNCONFIRMED: (
        "De verbinding brak af voordat de server had bevestigd.",
        "The connection broke before the server had confirmed.",
    ),
    DeliveryState.COMPLAINED: (
        "De ontvanger heeft het als ongewenst gemeld.",
        "The recipient reported it as unwanted.",
    ),
    DeliveryState.REJECTED: (
        "De server heeft het geweigerd zonder te zeggen waarom.",
        "The server refused it without saying why.",
    ),
    DeliveryState.BOUNCED: (
        "Het bericht is teruggekomen zonder leesbare reden.",
        "The message was returned without a readable reason.",
    ),
    DeliveryState.FAILED: (
        "Het bericht kon niet worden gemaakt of overgebracht.",
        "The message could not be made or carried.",
    ),
    DeliveryState.DEFERRED: (
        "De server vraagt het later nog eens te proberen.",
        "The server asks to try again later.",
    ),
}
BY_REASON: Mapping[str, Said] = {
    "by hand": (
        "Het ligt klaar; iemand moet het plaatsen.",
        "It lies ready; somebody has to post it.",
    ),
    "not done": ("Iemand heeft gemeld dat het niet is geplaatst.", "It was reported as not done."),
}
"""What a reason says better than any code."""
LATER: Said = (
    "De ontvangende server houdt onze mail voorlopig tegen en vraagt het later te proberen.",
    "The receiving server holds our mail back for now and asks to try later.",
)
"""Greylisting and its kin: the 4.7.x codes that ask for patience."""
OTHER: Said = (
    "De server gaf een antwoord dat wij niet kennen.",
    "The server gave an answer unknown to us.",
)


def explain(problem: ProblemDelivery, *, language: str = "nl") -> str:
    """Return in one sentence why a delivery is where it is.

    Args:
        problem: The delivery.
        language: `nl`, or anything else for English.
    """
    said = (
        BY_REASON.get(problem.reason)
        or _from_state(problem.state)
        or _from_enhanced(problem.enhanced)
        or _from_code(problem.kind, problem.code)
    )
    if said is None:
        said = OTHER if problem.code else WITHOUT_CODE.get(problem.state, OTHER)
    return said[0 if language == "nl" else 1]


def their_words(problem: ProblemDelivery) -> str:
    """Return the other side's codes and words as it sent them: `550 5.1.1 User unknown`."""
    codes = [str(code) for code in (problem.code, problem.enhanced) if code]
    # Many servers begin their words with the enhanced code, and some clients keep it there.
    unsaid = [code for code in codes if code not in problem.reply.split()[:2]]
    return " ".join([*unsaid, problem.reply]).strip()


def _from_state(state: DeliveryState) -> Said | None:
    """Return what the state itself says better than the code of an earlier, happier answer."""
    if state in (DeliveryState.UNCONFIRMED, DeliveryState.COMPLAINED):
        return WITHOUT_CODE[state]
    return None


def _from_enhanced(enhanced: str | None) -> Said | None:
    if not enhanced or enhanced.count(".") != 2:
        return None
    severity, subject, detail = enhanced.split(".")
    if severity == "4" and subject == "7":
        return LATER
    return ENHANCED.get(f"{subject}.{detail}") or ENHANCED_SUBJECT.get(subject)


def _from_code(kind: MessageKind, code: int | None) -> Said | None:
    if code is None:
        return None
    table = HTTP if kind is MessageKind.POST else SMTP
    return table.get(code)
