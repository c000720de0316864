"""What a report says in Dutch."""

from __future__ import annotations

from flows.models import DeliveryState, SkipReason, StepState
from flows.reporting.words import Words

_D = DeliveryState
_R = SkipReason
_S = StepState

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
    step_skipped="Stap {step} ({channel}) is niet uitgevoerd.",
    step_stopped="Stap {step} ({channel}) is door iemand gestopt voordat hij klaar was.",
    step_paused="Stap {step} ({channel}) staat stil. Hij kan verder met `oproep resume`.",
    cut_off="Voor {count} ontvangers van stap {step} ({channel}) was het te laat: de uiterste tijd "
    "verstreek voordat hun bericht weg was.",
    by_hand_waits="Stap {step} ({channel}) ligt klaar om met de hand te plaatsen, vóór {deadline}: "
    "{count}. Meld daarna met `oproep done` waar het staat.",
    by_hand_missed="Stap {step} ({channel}) is vóór de uiterste tijd niet gemeld als geplaatst: "
    "{count}. Staat het er toch? Meld dat met `oproep done`.",
    by_hand_not_done="Stap {step} ({channel}) is niet met de hand geplaatst, zo is gemeld: "
    "{count}.",
    post_waits="ligt klaar om met de hand te plaatsen",
    post_gone="elders verwijderd, gezien op {moment}",
    post_corrected="gecorrigeerd op {moment}",
    post_withdrawn="ingetrokken op {moment}",
    as_of="Stand van {moment}.",
    partner_uptake="Doorgegeven door {count} van onze partners: {names}.",
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
        _R.CONDITION: "waarop de stap wachtte, kwam niet op tijd",
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
        "quotes": "geciteerd",
        "replies": "antwoorden",
    },
)
