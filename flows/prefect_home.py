"""Prefect's own settings for runs in this process; to be called before Prefect is imported."""

from __future__ import annotations

import os
from pathlib import Path

_IN_PROCESS = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    # A cold start on a small machine takes longer than Prefect's own 20 seconds.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Nothing goes outside; the second alone does not stop the server.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # What goes wrong reaches the user as our own errors, not as Prefect's tracebacks.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # A server that lives as long as one run needs no page, no schedules and no automations; and
    # on SQLite their writing costs each flow run two seconds of waiting.
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
}


def run_in_process(var_dir: Path) -> None:
    """Let flows run in this process, with a database of their own and no call to the outside.

    Args:
        var_dir: Prefect keeps its files in the folder `prefect` below it.
    """
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        # A server or profile that the user set up must not hear of a rehearsal.
        del os.environ[name]
    home = var_dir.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.update(_IN_PROCESS)
