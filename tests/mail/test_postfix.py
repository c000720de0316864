"""Postfix as the relay, with its queue and its bounces: what it says is what the ledger holds."""

from __future__ import annotations

import email
import time as real_time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.audience.tokens import Purpose, Signer, verp_number, verp_sender
from flows.compose.messages import Mail
from flows.ledger.hand_over import Claim
from flows.models import DeliveryState
from tests.mail.postfix import postfix
from tests.mail.recording_server import Action, Moment, RecordingServer, Say
from tests.soak import faulty
from tests.soak.killing import recording

pytestmark = pytest.mark.timeout(200)
SIGNER = Signer("only for tests " * 3, Purpose.BOUNCE)
COUNT = 60


class Verp(faulty.Plain):
    """Mails whose envelope sender tells the delivery."""

    def mail(self, claim: Claim) -> Mail:
        mail = super().mail(claim)
        sender = verp_sender(SIGNER, claim.id, domain="org.example")
        return Mail(sender=sender, recipient=mail.recipient, content=mail.content, ready=True)


def every_third(moment: Moment, nth: int) -> Action | None:
    """A provider behind the relay that does not know every third recipient."""
    return Say("550 5.1.1 nobody here") if moment == "rcpt" and nth % 3 == 0 else None


def wait_until(done: Callable[[], bool]) -> None:
    until = real_time.monotonic() + 60
    while not done():
        assert real_time.monotonic() < until
        real_time.sleep(0.05)


def behind(server: RecordingServer) -> dict[str, str]:
    """Settings of a relay that hands everything on to `server`."""
    return {
        "default_transport": f"smtp:[127.0.0.1]:{server.port}",
        "smtp_destination_concurrency_limit": "1",
        "smtp_host_lookup": "native",
    }


def test_what_postfix_takes_is_sent_with_its_queue_id_and_what_bounces_names_its_delivery(
    tmp_path: Path,
) -> None:
    server = RecordingServer(plan=every_third)
    with recording(server), postfix(behind(server)) as relay:
        outcome = faulty.hand_over_all(
            f"sqlite:///{tmp_path / 'ledger.sqlite'}",
            RecordingServer(),
            recipients=COUNT,
            url=f"smtp://127.0.0.1:{relay.port}",
            mailing=Verp(),
        )
        assert Counter(outcome.states.values()) == {DeliveryState.SENT: COUNT}
        wait_until(lambda: not relay.queued())
        log = "\n".join(relay.lines())
        for queue_id in outcome.remote_ids.values():
            assert f"{queue_id}: from=<bounce+" in log
    bounces = [taken for taken in server.taken if not taken.sender]
    delivered = Counter(taken.recipient for taken in server.taken if taken.sender)
    refused = outcome.states.keys() - delivered.keys()
    assert set(delivered.values()) == {1}
    assert refused
    named = {verp_number(SIGNER, bounce.recipient): bounce for bounce in bounces}
    # What the provider refuses of the bounces themselves is lost for good, as in life.
    assert named
    for number, bounce in named.items():
        assert number is not None
        assert outcome.recipients[number] in refused
        assert email.message_from_bytes(bounce.content).get_content_type() == "multipart/report"


def test_what_a_postfix_refuses_for_now_comes_again(tmp_path: Path) -> None:
    rule = "check_recipient_access inline:{{lezer3@lezers.example=450 4.2.0 later}}, permit"
    refusing = {"smtpd_recipient_restrictions": rule}
    with postfix(refusing) as relay:

        def relent(engine: object, nth: int) -> None:
            if nth == 4:
                relay.change({"smtpd_recipient_restrictions": "permit"})

        outcome = faulty.hand_over_all(
            f"sqlite:///{tmp_path / 'ledger.sqlite'}",
            RecordingServer(),
            recipients=10,
            url=f"smtp://127.0.0.1:{relay.port}",
            trouble=relent,
            mailing=Verp(),
        )
    assert Counter(outcome.states.values()) == {DeliveryState.SENT: 10}
    assert sum(outcome.ended.values()) >= 4
