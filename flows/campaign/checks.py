"""Everything that is wrong with a campaign, at once, before anybody receives it.

The code of a problem stands in the docstring of the check that finds it. These come from reading:

    unreadable                a file is missing, is not UTF-8, is not in its format, or too large
    csv-column, csv-cells, csv-quotes, csv-line-long, csv-line-break, csv-formula, csv-handle
                              a CSV file, or a line of it, is not what it should be
    partner-name, partner-no-address, partner-signatory, reader-no-address, address, language
                              a cell is empty or does not hold what its column says
    recipient-twice           an address is there twice, in whatever case
    event-missing, step-missing, field, key-unknown, key-misplaced, name
                              `campaign.toml` lacks something, or says what means nothing there
    channel-unknown           a step names a channel that does not exist
    picture-too-large, picture-type, picture-empty, partner-unknown
                              a post names a picture that is none, or a partner that is none
    prefer                    `[recipients]` prefers what is no step of mail
    draft-path                a step names a draft outside the campaign's folder
    moment                    a time means no moment, or two (daylight saving)
    audience-closed           who is on a list cannot be read

And these from asking outside (`flows.campaign.check_online`):

    account-missing           a step's account is not set up, or what answers is no such server
    account-refused           it does not let us in
    account-unreachable       it does not answer now
    account-other             it is not the one that organisation.toml names
    account-scopes            its token may not do all that posting takes
    account-clock             its server's clock and this machine's are apart
    relay-refused             the mail server does not accept our user name and password
    relay-unreachable         it does not answer now, or not safely
    mail-too-large            it takes no mail as large as a step's
    link-broken, link-unsure  a link leads nowhere, or to a page that does not open for a program
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from flows import clock
from flows.audience.faults import Faults
from flows.audience.readers import read_readers
from flows.audience.tokens import Purpose, Signer, unsubscribe_url
from flows.campaign import (
    check_lists,
    check_mail,
    check_plan,
    check_posts,
    check_recipients,
    check_schedule,
    check_sender,
    check_texts,
)
from flows.campaign.channel_kinds import Whose
from flows.campaign.check_recipients import lacking_fields
from flows.campaign.folder import READERS_FILE, Campaign
from flows.campaign.look import Check, FilledMail, Lacking, Look, error, relative
from flows.campaign.plan import PLAN_FILE, CampaignPlan, Step, read_plan
from flows.campaign.rendering import StepContent, compose_step
from flows.compose.rendered import RenderedMail, missing_fields, partner_recipient, slot_values
from flows.compose.slots import fill
from flows.errors import InputError, OproepError
from flows.models import Partner, Problem, Recipient, Severity
from flows.settings import Settings

CHECKS: tuple[Check, ...] = (
    check_plan.dates_without_time,
    check_plan.event_past,
    check_plan.step_past,
    check_plan.step_after_deadline,
    check_plan.step_too_long,
    check_plan.step_before_embargo,
    check_plan.wait_in_vain,
    check_plan.step_twice,
    check_schedule.quiet_hours,
    check_schedule.free_days,
    check_sender.legal_sender,
    check_sender.sender_mail,
    check_sender.hashtags,
    check_sender.recipients_missing,
    check_lists.list_unknown,
    check_lists.list_undescribed,
    check_lists.list_empty,
    check_texts.draft_placeholders,
    check_texts.draft_hashtags,
    check_texts.all_caps,
    check_recipients.fields_unknown,
    check_recipients.fields_unfilled,
    check_recipients.attachments,
    check_recipients.addresses_twice,
    check_mail.subject,
    check_mail.preheader,
    check_mail.unsubscribe,
    check_mail.legal_sender_shown,
    check_mail.alternative_texts,
    check_mail.language,
    check_mail.foreign_hosts,
    check_mail.size,
    check_posts.limits,
    check_posts.networks,
    check_posts.hashtags,
)
"""Every check. Each looks at one thing, and what it finds is documented where it stands."""

_SOMEWHERE = ZoneInfo("Europe/Amsterdam")
_SOMEBODY = Partner(organisation="Partner", contact="Contact", email="partner@partners.invalid")
_SOME_READER = Recipient(address="lezer@lezers.invalid")

T = TypeVar("T")


def check_campaign(
    campaign: Campaign, settings: Settings, now: datetime | None = None
) -> list[Problem]:
    """Return every problem of a campaign, each once, errors first.

    What cannot be read is a problem as well, so that one run shows everything; checks on what
    could not be read are left out.

    Args:
        campaign: The campaign.
        settings: Of this installation.
        now: Aware; by the clock in use if not given.
    """
    reading = _Reading(campaign, settings)
    look = reading.look(now or clock.now())
    found = [*reading.problems, *(problem for check in CHECKS for problem in check(look))]
    placed = (
        replace(problem, where=relative(problem.where, settings.content_dir)) for problem in found
    )
    return sorted(dict.fromkeys(placed), key=lambda each: each.severity is Severity.WARNING)


class _Reading:
    """Reads and composes everything that can be, and keeps the problems of what cannot."""

    def __init__(self, campaign: Campaign, settings: Settings) -> None:
        self._campaign = campaign
        self._settings = settings
        self.problems: list[Problem] = []

    def look(self, now: datetime) -> Look:
        campaign = self._campaign
        organisation = self._tried(lambda: campaign.organisation)
        plan = self._tried(lambda: campaign.plan if organisation else self._plan_anywhere())
        steps = plan.steps if plan else ()
        item = self._tried(lambda: campaign.item)
        texts = self._texts(steps)
        whole = [step for step in steps if step.draft in texts and item and organisation]
        contents = self._contents(whole)
        partners, readers = self._people(steps)
        reached, lacking = self._reached(steps, partners, contents)
        return Look(
            campaign=campaign,
            settings=self._settings,
            now=now,
            zone=campaign.zone if organisation else _SOMEWHERE,
            organisation=organisation,
            item=item,
            plan=plan,
            partners=partners,
            readers=readers,
            reached=reached,
            lacking=lacking,
            texts=texts,
            contents=contents,
            mails=tuple(self._filled(whole, contents, partners, readers)),
        )

    def _tried(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InputError as fault:
            self.problems += _problems_of(fault)
            return None

    def _texts(self, steps: Sequence[Step]) -> dict[str, str]:
        texts: dict[str, str] = {}
        for draft in dict.fromkeys(step.draft for step in steps):
            text = self._tried(partial(self._campaign.draft_text, draft))
            if text is not None:
                texts[draft] = text
        return texts

    def _contents(self, steps: Sequence[Step]) -> dict[int, StepContent]:
        contents: dict[int, StepContent] = {}
        for step in steps:
            content = self._tried(partial(compose_step, self._campaign, step, self._settings))
            if content is not None:
                contents[step.number] = content
        return contents

    def _people(
        self, steps: Sequence[Step]
    ) -> tuple[tuple[Partner, ...] | None, tuple[Recipient, ...] | None]:
        """Return the partners and the readers, as far as steps reach them and they can be read."""
        reached = {step.kind.whose for step in steps}
        partners = readers = None
        if Whose.PARTNERS in reached:
            partners = self._tried(lambda: self._campaign.partners)
        path = self._settings.content_dir / READERS_FILE
        if Whose.SUBSCRIBERS in reached and path.exists():
            readers = self._tried(lambda: read_readers(path))
        return partners, readers

    def _reached(
        self,
        steps: Sequence[Step],
        partners: Sequence[Partner] | None,
        contents: Mapping[int, StepContent],
    ) -> tuple[dict[int, int], dict[int, Lacking]]:
        """Return how many each mail step reaches now, and what some of them lack, where known.

        Without a secret key there is no audience yet.
        """
        settings = self._settings
        found = {
            step.number: len(partners)
            for step in steps
            if partners is not None and step.kind.whose is Whose.PARTNERS
        }
        lacking: dict[int, Lacking] = {}
        to_lists = [step for step in steps if step.kind.whose is Whose.SUBSCRIBERS]
        if not to_lists or settings.secret_key is None or settings.rehearsal is not None:
            return found, lacking
        from flows.campaign.reached import Reach
        from flows.database import open_database

        try:
            engine = open_database(settings.database)
            try:
                reach = Reach(self._campaign, settings, engine)
                for step in to_lists:
                    found[step.number] = reach.count(step)
                    if step.number in contents and (
                        some := lacking_fields(contents[step.number].mail, reach.readers(step))
                    ):
                        lacking[step.number] = some
            finally:
                engine.dispose()
        except OproepError as closed:
            self.problems.append(error("audience-closed", closed.where, closed.what, closed.mend))
        return found, lacking

    def _plan_anywhere(self) -> CampaignPlan:
        """Return the plan without knowing where its local times are local."""
        return read_plan(self._campaign.path / PLAN_FILE, zone=_SOMEWHERE)

    def _filled(
        self,
        steps: Sequence[Step],
        contents: Mapping[int, StepContent],
        partners: Sequence[Partner] | None,
        readers: Sequence[Recipient] | None,
    ) -> Iterator[FilledMail]:
        """Yield each mail as the recipient gets it for whom it is longest."""
        people = {
            Whose.PARTNERS: [partner_recipient(each) for each in partners or (_SOMEBODY,)],
            Whose.SUBSCRIBERS: list(readers or (_SOME_READER,)),
        }
        for step in steps:
            if step.kind.is_mail and step.number in contents:
                mail = contents[step.number].mail
                whole = [each for each in people[step.kind.whose] if not missing_fields(mail, each)]
                if whole:
                    recipient = max(whole, key=_length)
                    yield filled(self._campaign, step, mail, recipient, self._settings)


def _length(recipient: Recipient) -> int:
    return len(recipient.name) + sum(map(len, recipient.values.values()))


def filled(
    campaign: Campaign, step: Step, mail: RenderedMail, recipient: Recipient, settings: Settings
) -> FilledMail:
    """Return a mail as one recipient gets it."""
    from lxml.html import document_fromstring

    url = unsubscribe_url(Signer("check", Purpose.UNSUBSCRIBE), 1, public_url=settings.public_url)
    values = slot_values(mail, recipient, unsubscribe_url=url)
    text_values = {name: value.text for name, value in values.items()}
    html = fill(mail.html, {name: value.html for name, value in values.items()})
    return FilledMail(
        step=step,
        where=relative(str(campaign.path / step.draft), settings.content_dir),
        subject=fill(mail.subject, text_values),
        preheader=fill(mail.preheader, text_values),
        html=html,
        text=fill(mail.text, text_values),
        tree=document_fromstring(html),
        unsubscribe_url=url,
    )


def _problems_of(fault: InputError) -> list[Problem]:
    """Return an error that ended a reading as problems."""
    if isinstance(fault, Faults):
        return list(fault.problems)
    return [error("unreadable", fault.where, fault.what, fault.mend)]
