"""Who answered stands in the report: readers by number, partners by name."""

from __future__ import annotations

from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import Recipient
from flows.reporting.gather import gather
from flows.reporting.html import render_html
from flows.reporting.text import render_text
from flows.settings import HOUSE
from tests.conftest import START
from tests.ledger.conftest import EVENT
from tests.returns.conftest import House
from tests.returns.letters import answer

FIRST, SECOND = "een@partners.example", "twee@partners.example"


def launch(house: House) -> None:
    partners = [
        Planned(recipient=Recipient(address=address, values={"organisation": name}))
        for address, name in ((FIRST, "Partner Een"), (SECOND, "Partner <Twee>"))
    ]
    step = FrozenStep(number=1, channel="mailout", draft="mailout.md", at=START, deadline=EVENT)
    house.ledger.freeze(
        FrozenCampaign(
            slug="oproep",
            title="Oproep",
            language="nl",
            time_zone="Europe/Amsterdam",
            event_name="Rondetafelgesprek",
            event_at=EVENT,
            fingerprint="f" * 64,
            rehearsal=False,
            steps=(step,),
        ),
        [partners],
    )
    house.ledger.begin_step(house.ledger.campaign("oproep").steps[0].id)


def test_partners_who_answered_are_named_once_in_every_form_of_the_report(house: House) -> None:
    launch(house)
    house.take(answer(to=house.verp("oproep", SECOND)))
    house.take(answer(to=house.verp("oproep", SECOND), text="Nog iets."))
    report = gather(house.ledger, "oproep")
    assert report.to_json()["steps"][0]["answered"] == 1
    assert report.to_json()["steps"][0]["answered_by"] == ["Partner <Twee>"]
    assert "beantwoord door 1: Partner <Twee>" in render_text(report)
    assert "answered by 1" in render_text(report, language="en")
    page = render_html(report, templates=HOUSE / "templates")
    assert "Beantwoord door 1: Partner &lt;Twee&gt;" in page


def test_a_stranger_who_pretends_to_answer_for_a_partner_is_not_named(house: House) -> None:
    launch(house)
    house.take(answer(to="bounce@organisatie.example", sender=FIRST))
    assert gather(house.ledger, "oproep").steps[0].answered == 0
