"""What is served to Prefect: each flow with its name, its description and its tags.

The deployments lie in a work pool, so that one machine or several carry them out: `oproep up`
runs a worker of that pool. `prefect.yaml` says the same for who uses Prefect's own commands; a
test keeps the two the same. Parameters are slugs and numbers only: Prefect keeps them as plain
text.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

POOL = "oproep"
DELIVER = "deliver/deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One flow as it is served."""

    name: str
    """Of flow and deployment both."""
    entrypoint: str
    """Module and function."""
    description: str
    every: timedelta | None = None
    """How often it is run by itself."""
    concurrency_limit: int | None = None

    def flow(self) -> Flow[..., Any]:
        """Import and return the flow."""
        module, _, function = self.entrypoint.rpartition(".")
        flow: Flow[..., Any] = getattr(import_module(module), function)
        return flow


SERVED = (
    Served(
        name="deliver",
        entrypoint="flows.deliver.deliver",
        description="Carries out one step of a launched campaign at its time. Oproep makes these "
        "runs; starting one by hand does no harm, since the ledger decides what may be sent.",
    ),
    Served(
        name="launch",
        entrypoint="flows.page.launch",
        description="Freezes the recipients of an approved campaign and schedules every step. "
        "Again, it changes nothing.",
    ),
    Served(
        name="report",
        entrypoint="flows.page.report",
        description="Writes a campaign's delivery report and shows it among the run's artifacts.",
    ),
    Served(
        name="track",
        entrypoint="flows.track.track",
        description="Asks how posts stand: often while they are young, seldom when they are old. "
        "Reads returned mail.",
        every=timedelta(minutes=10),
        # Two rounds at once would ask everything twice.
        concurrency_limit=1,
    ),
    Served(
        name="purge",
        entrypoint="flows.purge.purge",
        description="Lets go of details about people that are older than the retention period. "
        "Totals stay.",
        every=timedelta(days=1),
        concurrency_limit=1,
    ),
)


async def deploy(client: PrefectClient) -> None:
    """Tell the server what is served; what it knows already is brought up to date."""
    pool = WorkPoolCreate(
        name=POOL,
        type="process",
        description="Carries out campaigns. `oproep up` runs a worker of it.",
        base_job_template=ProcessWorker.get_default_base_job_template(),
    )
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(pool)
    for served in SERVED:
        deployment = await served.flow().ato_deployment(
            name=served.name,
            description=served.description,
            tags=["oproep"],
            work_pool_name=POOL,
            entrypoint_type=EntrypointType.MODULE_PATH,
            interval=served.every,
            concurrency_limit=served.concurrency_limit,
            # Settings and content are found from here, on this machine.
            job_variables={"working_dir": str(Path.cwd())},
        )
        await deployment.aapply()
