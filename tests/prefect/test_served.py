"""What Prefect is told of: the deployments, from Oproep and from Prefect's own commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.ledger.journal import entries
from flows.ledger.underway import ENDED_BADLY, NO_CAMPAIGN
from tests.prefect.house import House, until
from tests.prefect.promises import require_whole

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

HOUSE = Path(__file__).resolve().parents[2]
NAMES = {"deliver", "launch", "report", "track", "purge"}


def deployments(house: House) -> dict[str, Any]:
    """What the server knows, by name."""
    from prefect.client.orchestration import get_client

    async def read() -> dict[str, Any]:
        async with get_client() as client:
            return {each.name: each for each in await client.read_deployments()}

    return house.ask(read)


def test_prefect_yaml_says_what_oproep_serves() -> None:
    from flows.served import POOL, SERVED

    told = yaml.safe_load((HOUSE / "prefect.yaml").read_text("utf-8"))["deployments"]
    assert [
        (each["name"], each["entrypoint"], each["description"], each["work_pool"]["name"])
        for each in told
    ] == [(each.name, each.entrypoint, each.description, POOL) for each in SERVED]
    spans = [each["schedules"][0]["interval"] if "schedules" in each else None for each in told]
    assert spans == [each.every.total_seconds() if each.every else None for each in SERVED]
    assert [each.get("concurrency_limit") for each in told] == [
        each.concurrency_limit for each in SERVED
    ]


def test_prefects_own_commands_deploy_prefect_yaml_and_carry_a_step_out(
    quiet: House, tmp_path: Path
) -> None:
    until(lambda: deployments(quiet) is not None, 60)
    shutil.copy(HOUSE / "prefect.yaml", tmp_path)
    environment = quiet.environment | {"PREFECT_CLI_PROMPT": "false", "PWD": str(tmp_path)}

    def prefect(*arguments: str) -> None:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "prefect"), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "--type", "process", "oproep", "--overwrite")
    prefect("--no-prompt", "deploy", "--all")
    there = deployments(quiet)
    assert set(there) == NAMES
    assert there["deliver"].job_variables["working_dir"] == str(tmp_path)
    parameters = there["launch"].parameter_openapi_schema["properties"]
    assert "Slug of the campaign" in parameters["campaign"]["description"]
    assert parameters["campaign"]["type"] == "string"
    assert "Your name" in parameters["by"]["description"]
    quiet.campaign("eigen-worker", (0, 600))
    quiet.schedule("eigen-worker")
    prefect("worker", "start", "--pool", "oproep", "--type", "process", "--run-once")
    require_whole(quiet, "eigen-worker", people=3)


def test_a_launch_from_prefects_page_goes_out_and_its_report_shows_there_without_addresses(
    served: House,
) -> None:
    from flows.campaign.fingerprint import fingerprint
    from flows.campaign.folder import load_campaign
    from flows.ledger.approvals import Approvals

    served.write_campaign("van-de-pagina", minutes=10)
    campaign = load_campaign(served.settings.content_dir / "van-de-pagina", served.settings)
    assert served.start("launch/launch", campaign="van-de-pagina", by="Sam") == "FAILED"
    until(lambda: [each.act for each in entries(served.engine, NO_CAMPAIGN)] == [ENDED_BADLY], 20)
    mark = fingerprint(campaign, served.settings)
    Approvals(served.engine, "van-de-pagina").add(mark, by="Robin", snapshot={})
    assert served.start("launch/launch", campaign="van-de-pagina", by="Sam") == "COMPLETED"
    until(lambda: served.step("van-de-pagina").state == "done", 60)
    assert served.start("report/report", campaign="van-de-pagina") == "COMPLETED"
    shown = served.artifacts()
    assert {"plan-van-de-pagina", "progress-van-de-pagina-1", "report-van-de-pagina"} <= set(shown)
    assert shown["progress-van-de-pagina-1"] == 100.0
    assert not any("@kinderhulp.example" in str(data) for data in shown.values())
    names = {run.name for run in served.runs("oproep")}
    assert {f"{name}-van-de-pagina" for name in ("launch", "report")} <= names
    assert "van-de-pagina-step-1" in names
