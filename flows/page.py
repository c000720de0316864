"""What staff can start from Prefect's own page: a launch, and a campaign's report.

Prefect has no sign-in unless it is given one, so nothing is approved here: a launch asks for an
approval that stands in the ledger, as `oproep launch` does.
"""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.campaign.folder import find_campaign, load_campaign
from flows.campaign.launching import Launch, launch_campaign
from flows.campaign.reached import Reach
from flows.database import open_database
from flows.deployments import schedule
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.ledger.journal import note
from flows.report import write_report
from flows.reporting.idiom import Idiom
from flows.reporting.model import Report
from flows.reporting.verdict import sentence
from flows.settings import load

_DID = {
    Launch.FROZEN: "Launched.",
    Launch.ADOPTED: "Launched already; what was changed and approved since holds from now on.",
    Launch.UNCHANGED: "Launched already; nothing changed.",
}


@flow(name="launch", flow_run_name="launch-{campaign}", persist_result=False)
async def launch(campaign: str, by: str) -> State[str]:
    """Freeze the recipients of an approved campaign and schedule every step.

    Doing it again changes nothing, unless something was changed and approved since.

    Args:
        campaign: Slug of the campaign: the name of its folder in `content/`.
        by: Your name, for the campaign's journal. It is no approval: that stands already.

    Returns:
        Completed, with one sentence that says what happens now.
    """
    settings = load()
    content = load_campaign(find_campaign(settings, campaign), settings)
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        ledger.close_overdue()
        launched = launch_campaign(content, settings, ledger, Reach(content, settings, engine))
        with engine.begin() as connection:
            words = f"On Prefect's page: {launched.did}."
            note(connection, content.slug, "launch asked for", who=by, words=words)
        runs = await schedule(launched.campaign)
    finally:
        engine.dispose()
    await acreate_markdown_artifact(
        key=f"plan-{content.slug}",
        markdown=timetable(launched.campaign),
        description=f"When what goes out: {launched.campaign.title}",
    )
    said = f"{_DID[launched.did]} {len(runs)} steps are scheduled."
    return Completed(data=said, message=said)


@flow(name="report", flow_run_name="report-{campaign}", persist_result=False)
async def report(campaign: str) -> State[str]:
    """Write the delivery report of a launched campaign and show it here, without any address.

    Args:
        campaign: Slug of the campaign.

    Returns:
        Completed, with the sentence that the report begins with.
    """
    settings = load()
    slug = load_campaign(find_campaign(settings, campaign), settings).slug
    engine = open_database(settings.database)
    try:
        folder = settings.var_dir / "reports" / slug
        written: Report = await write_report(Ledger(engine), slug, settings, folder)
    finally:
        engine.dispose()
    said = sentence(written, Idiom.of(written))
    return Completed(data=said, message=said)


def timetable(campaign: FrozenCampaign) -> str:
    """Return when what goes out, as a Markdown table."""
    idiom = Idiom(campaign.language, campaign.time_zone)
    words = idiom.words
    head = f"| {words.step} | {words.at} | {words.deadline} | {words.number} |  |"
    rows = [
        f"| {step.number}. {idiom.channel(step.channel)} | {idiom.moment(step.at)} "
        f"| {idiom.moment(step.deadline)} | {idiom.number(step.planned)} "
        f"| {words.step_states[step.state]} |"
        for step in campaign.by_time
    ]
    return "\n".join([f"## {campaign.title}", "", head, "|---|---|---|---:|---|", *rows])
