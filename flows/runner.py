"""What `oproep up` runs beside the server: a worker of the pool, and what keeps the schedule whole.

The worker starts a process per run a little before its time, so that a step begins on its second.
Every few seconds the schedule is compared with the ledger: what Prefect lost is made again, what a
person cancelled there is paused, and runs whose process is no more are told from those at work.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shlex
import signal
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkerStatus
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from flows import clock
from flows.deployments import reconcile
from flows.errors import OproepError
from flows.served import POOL, deploy
from flows.settings import Settings, load

LOOK_EVERY = 2.0
"""Seconds between two looks for runs whose time is near."""
AHEAD = 45
"""Seconds before its time at which a run's process is started; it waits in there. On a busy machine
several that begin at the same moment take half a minute to come up."""
KEEP_EVERY = 10.0
"""Seconds between two comparisons of the schedule with the ledger."""
BEAT_EVERY = 20
"""Seconds between two signs of life to the server; after three without, a worker counts as gone."""
GRACE = timedelta(seconds=30)
"""How long a run may be without a process: it is being started, or its end is being written."""


class _Here(ProcessJobConfiguration):
    """Runs are started with this Python, in this folder: on each machine its own."""

    def prepare_for_flow_run(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Fill in where and with what."""
        self.working_dir = Path.cwd()
        self.command = f"{shlex.quote(sys.executable)} -m prefect.engine"
        super().prepare_for_flow_run(*args, **kwargs)


class Runner:
    """One worker, and the keeping of the schedule.

    Args:
        settings: Of this installation.
        ready: A file that is made once everything is kept.
    """

    def __init__(self, settings: Settings, ready: Path) -> None:
        self._settings = settings
        self._ready = ready
        self._stopping = asyncio.Event()
        self._name = f"oproep-{platform.node() or 'here'}"

    def stop(self) -> None:
        """Take on no more; what runs is let go of and ends."""
        self._stopping.set()

    async def run(self) -> None:
        """Carry out runs until told to stop; return when the last one has ended."""
        async with get_client() as client:
            await self._until_it_works(lambda: deploy(client))
            worker = ProcessWorker(
                work_pool_name=POOL,
                name=self._name,
                prefetch_seconds=AHEAD,
                heartbeat_interval_seconds=BEAT_EVERY,
            )
            worker.job_configuration = _Here
            async with worker:
                await self._keep(client)
                self._ready.touch()
                await asyncio.gather(
                    self._every(LOOK_EVERY, worker.get_and_submit_flow_runs),
                    self._every(BEAT_EVERY, worker.sync_with_backend),
                    self._every(KEEP_EVERY, lambda: self._keep(client)),
                )
                # Their processes are in our group; each lets go of its step and ends.
                os.killpg(os.getpgrp(), signal.SIGTERM)

    async def _keep(self, client: PrefectClient) -> None:
        await bury(client, self._name)
        await reconcile(self._settings)

    async def _every(self, seconds: float, act: Any) -> None:  # noqa: ANN401
        while not self._stopping.is_set():
            try:
                await act()
            except (OproepError, httpx.HTTPError, PrefectHTTPStatusError) as error:
                # The server is being restarted, or the ledger is busy: the next round will tell.
                _say(f"{getattr(act, '__name__', 'keep')}: {error}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _until_it_works(self, act: Any) -> None:  # noqa: ANN401
        while not self._stopping.is_set():
            try:
                await act()
            except httpx.TransportError:
                await asyncio.sleep(0.5)
            else:
                return


async def bury(client: PrefectClient, here: str) -> int:
    """Mark runs as crashed, or as cancelled, whose process or machine is no more; return how many.

    Prefect does so by itself only while the worker that started them lives, and does not always
    find the process of a run that was cancelled as it came up.

    Args:
        client: Of the server.
        here: The name of the worker on this machine.
    """
    states = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    runs = await client.read_flow_runs(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states))
        ),
    )
    workers = await client.read_workers_for_work_pool(POOL)
    alive = {worker.name for worker in workers if worker.status is WorkerStatus.ONLINE}
    buried = 0
    for run in runs:
        if run.state is None or clock.now() - run.state.timestamp < GRACE:
            continue
        worker = run.labels.get("prefect.worker.name")
        if _has_process(run) if worker == here else worker in alive:
            continue
        message = "The process that carried it out is no more."
        cancelled = run.state_type is StateType.CANCELLING
        end: State[Any] = Cancelled(message=message) if cancelled else Crashed(message=message)
        await client.set_flow_run_state(run.id, end, force=True)
        buried += 1
    return buried


def _has_process(run: FlowRun) -> bool:
    """Return whether a run's process is alive on this machine."""
    if not run.infrastructure_pid:
        return False
    try:
        environment = Path(f"/proc/{int(run.infrastructure_pid)}/environ").read_bytes()
    except FileNotFoundError:
        if not Path("/proc/self").exists():
            return _is_alive(int(run.infrastructure_pid))
        return False
    except OSError:
        return False
    # A number may have been given out again since.
    return f"PREFECT__FLOW_RUN_ID={run.id}".encode() in environment


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _say(words: str) -> None:
    print(f"{clock.now():%Y-%m-%d %H:%M:%S} {words}", file=sys.stderr, flush=True)  # noqa: T201


async def _run() -> None:
    runner = Runner(load(), Path(sys.argv[1]))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runner.stop)

    def end_with_parent() -> None:
        sys.stdin.read()  # returns when the other end of the pipe is closed, by whatever end
        loop.call_soon_threadsafe(runner.stop)

    threading.Thread(target=end_with_parent, daemon=True).start()
    await runner.run()


def main() -> None:
    """Run until told to stop, or until who started this ends."""
    if os.getpgrp() != os.getpid():
        # Runs are told to end as a group, which must hold nothing but them.
        os.setpgrp()
    asyncio.run(_run())


if __name__ == "__main__":
    main()
