"""The flow that writes a campaign's delivery report: files for people, an artifact for Prefect."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from prefect import task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.files import write_text
from flows.ledger.book import Ledger
from flows.reporting.gather import gather
from flows.reporting.html import render_html
from flows.reporting.model import Report
from flows.reporting.text import render_text
from flows.settings import Settings


@task(name="report", cache_policy=NO_CACHE, persist_result=False)
async def write_report(ledger: Ledger, slug: str, settings: Settings, folder: Path) -> Report:
    """Write `report.html` and `report.json` into `folder`, and show the report in Prefect.

    Raises:
        Unbalanced: the deliveries do not add up to what was planned; the files are there all the
            same, to look at.
    """
    report = gather(ledger, slug)
    write_text(folder / "report.html", render_html(report, templates=settings.templates_dir))
    written = json.dumps(report.to_json(), ensure_ascii=False, indent=2)
    write_text(folder / "report.json", f"{written}\n")
    # Without the problem deliveries: Prefect's database must hold nobody's address.
    public = render_text(replace(report, problems=()))
    await acreate_markdown_artifact(
        key=f"report-{slug}", markdown=f"```\n{public}\n```", description=report.title
    )
    report.require_balance()
    return report
