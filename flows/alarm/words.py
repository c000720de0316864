"""What an alarm says, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmWords:
    """An alarm in one language; `{…}` is filled in."""

    trouble_subject: str
    """`{title}`"""
    trouble_head: str
    """`{title} {event} {moment}`"""
    step: str
    """`{step} {channel}`"""
    late: str
    """`{moment}`"""
    late_mend: str
    waits: str
    """`{moment} {what}`"""
    waits_mend: str
    """`{slug} {step}`"""
    paused: str
    """`{reason}`"""
    paused_mend: str
    """`{slug} {step} {deadline}`"""
    missed: str
    """`{count} {deadline}`"""
    missed_mend: str
    """`{slug}`"""
    unmet: str
    """`{reason}`"""
    unmet_mend: str
    """`{slug} {step} {deadline}`"""
    changed: str
    """Followed by the steps that it holds back."""
    changed_mend: str
    """`{slug}`"""
    broke_off: str
    broke_off_mend: str
    run_subject: str
    run_head: str
    run: str
    """`{name} {moment}`"""
    all_well_subject: str
    """`{title}`"""
    missing_subject: str
    """`{title}`"""
    summary_head: str
    """`{before} {title} {sentence}`"""
    how_it_stands: str
    to_do: str
    to_come: str
    """`{step} {channel} {moment}`"""
    attention: str
    status: str
    """`{slug}`"""
    unconfirmed: str
    """`{slug}`"""
    failed: str
    """`{slug}`"""
    stopped: str
    """`{slug} {step} {deadline}`"""
    by_hand: str
    """`{slug} {step} {channel} {deadline}`"""
    nothing_to_do: str
    sign_off: str


_DUTCH = AlarmWords(
    trouble_subject="Let op: {title}",
    trouble_head="Bij de verzending van ‘{title}’ gaat iets niet zoals gepland.\n"
    "{event} begint op {moment}.",
    step="Stap {step}, {channel}",
    late="Deze stap had om {moment} moeten beginnen en is nog niet begonnen.",
    late_mend="Kijk of `oproep up` draait op de computer waar Oproep staat, en start het zo nodig. "
    "Dan gaat de stap alsnog uit. Lukt dat niet, dan doet `oproep launch {slug} --now` het meteen.",
    waits="Deze stap had om {moment} kunnen beginnen, maar wacht nog op: {what}.",
    waits_mend="Kijk waarom dat er niet is. Wilt u niet wachten? Met `oproep stop {slug} {step}` "
    "en daarna `oproep resume {slug} {step}` gaat de stap meteen uit.",
    paused="Deze stap staat stil. {reason}",
    paused_mend="Is het opgelost? Dan gaat de stap verder met `oproep resume {slug} {step}`. Dat "
    "kan tot {deadline}.",
    missed="Voor {count} berichten was het te laat: de uiterste tijd verstreek op {deadline}.",
    missed_mend="Dit gaat niet vanzelf alsnog uit. Is het evenement later? Dan helpt "
    "`oproep move {slug} --event …`. Laat dat goedkeuren, en doe daarna `oproep retry {slug}`.",
    unmet="Deze stap is niet uitgevoerd. {reason}",
    unmet_mend="Is er nu wel waarop de stap wachtte? Dan gaat hij alsnog uit met "
    "`oproep retry {slug} {step}`. Dat kan tot {deadline}.",
    changed="Er is iets veranderd sinds de goedkeuring. Zolang dat niet opnieuw is goedgekeurd, "
    "gaat dit niet uit:",
    changed_mend="Wat er veranderd is, laat `oproep diff {slug}` zien. Een collega keurt het goed "
    "met `oproep approve {slug} --by NAAM`.",
    broke_off="De uitvoering van deze stap is afgebroken. Oproep begint er vanzelf opnieuw aan en "
    "gaat verder met wat nog niet weg was.",
    broke_off_mend="U hoeft niets te doen als de stap daarna klaar is. Anders staat op de pagina "
    "van Prefect wat er misging; de technisch beheerder kan daar kijken.",
    run_subject="Let op: iets in Oproep ging mis",
    run_head="Er ging iets mis dat niemand ziet als u dit niet leest. Verzendingen die ingepland "
    "staan, gaan gewoon door.",
    run="{name}, gezien op {moment}: deze uitvoering is mislukt of afgebroken. Waarom, staat erbij "
    "op de pagina van Prefect; de technisch beheerder kan daar kijken.",
    all_well_subject="Alles is verzonden: {title}",
    missing_subject="Nog niet alles is verzonden: {title}",
    summary_head="Het is nu {before}. Zo staat het met ‘{title}’:\n\n{sentence}",
    how_it_stands="Per stap:",
    to_do="Wat u nog kunt doen:",
    to_come="Stap {step} ({channel}) gaat nog uit, op {moment}.",
    attention="Wat aandacht vraagt:",
    status="Hoe alles er nu voor staat, laat `oproep report {slug}` zien.",
    unconfirmed="Zoek na of de onzekere berichten weg zijn: `oproep settle {slug}`.",
    failed="Probeer opnieuw wat mislukt of geweigerd is: `oproep retry {slug}`.",
    stopped="Stap {step} is gestopt. Moet de rest toch uit? Dat kan tot {deadline}: "
    "`oproep resume {slug} {step}`.",
    by_hand="Stap {step} ({channel}) plaatst u zelf, uiterlijk {deadline}. Meld het daarna met "
    "`oproep done {slug} {step} --url ADRES`.",
    nothing_to_do="U hoeft niets te doen.",
    sign_off="Dit bericht is automatisch gemaakt door Oproep. U krijgt het één keer.",
)
_ENGLISH = AlarmWords(
    trouble_subject="Attention: {title}",
    trouble_head="Something does not go as planned with “{title}”.\n{event} begins on {moment}.",
    step="Step {step}, {channel}",
    late="This step should have begun at {moment} and has not begun.",
    late_mend="Look whether `oproep up` is running on the computer that has Oproep, and start it "
    "if it is not. The step then goes out. If that fails, `oproep launch {slug} --now` does it.",
    waits="This step could have begun at {moment}, but it still waits for: {what}.",
    waits_mend="Look why that is not there. To wait no longer: `oproep stop {slug} {step}`, then "
    "`oproep resume {slug} {step}`; the step then goes out at once.",
    paused="This step is held back. {reason}",
    paused_mend="When it is mended, the step goes on with `oproep resume {slug} {step}`, until "
    "{deadline}.",
    missed="For {count} messages it was too late: their deadline passed on {deadline}.",
    missed_mend="They do not go out by themselves any more. If the event is later, "
    "`oproep move {slug} --event …` helps; have that approved, and then `oproep retry {slug}`.",
    unmet="This step was not carried out. {reason}",
    unmet_mend="If what it waited for is there now, `oproep retry {slug} {step}` sends it after "
    "all, until {deadline}.",
    changed="Something has changed since the approval. Until that is approved, this does not go "
    "out:",
    changed_mend="`oproep diff {slug}` shows what has changed. A colleague approves it with "
    "`oproep approve {slug} --by NAME`.",
    broke_off="The run of this step broke off. Oproep begins it again by itself and goes on with "
    "what had not gone out.",
    broke_off_mend="You need not do anything if the step ends well after that. If not, Prefect's "
    "page says what went wrong; the person who looks after the machine can look there.",
    run_subject="Attention: something went wrong in Oproep",
    run_head="Something went wrong that nobody sees unless you read this. What is scheduled goes "
    "out all the same.",
    run="{name}, seen on {moment}: this run failed or broke off. Why, it says on Prefect's page; "
    "the person who looks after the machine can look there.",
    all_well_subject="Everything was sent: {title}",
    missing_subject="Not everything was sent yet: {title}",
    summary_head="It is now {before}. This is how “{title}” stands:\n\n{sentence}",
    how_it_stands="Step by step:",
    to_do="What you can still do:",
    to_come="Step {step} ({channel}) is still to go out, on {moment}.",
    attention="What asks for attention:",
    status="`oproep report {slug}` shows how everything stands now.",
    unconfirmed="Find out whether the doubtful messages went out: `oproep settle {slug}`.",
    failed="Try again what failed or was refused: `oproep retry {slug}`.",
    stopped="Step {step} was stopped. To send the rest after all, until {deadline}: "
    "`oproep resume {slug} {step}`.",
    by_hand="Step {step} ({channel}) is posted by hand, before {deadline}. Then say so with "
    "`oproep done {slug} {step} --url ADDRESS`.",
    nothing_to_do="You need not do anything.",
    sign_off="Oproep made this message by itself. You get it once.",
)
_WORDS: Mapping[str, AlarmWords] = MappingProxyType({"nl": _DUTCH, "en": _ENGLISH})


def alarm_words(language: str) -> AlarmWords:
    """Return the words in a language; in English if it is neither Dutch nor English."""
    return _WORDS.get(language.split("-")[0].lower(), _ENGLISH)
