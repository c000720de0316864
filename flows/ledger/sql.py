"""The ledger's writing while messages go out, as SQL over whole groups of deliveries.

A group travels as one JSON parameter, so that a statement costs the same for one row as for a
thousand: through SQLAlchemy's own layers these few statements cost twenty times as much, and they
stand between every message and the next. Both databases read the same text but for the few words
that `for_dialect` fills in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.models import TRANSITIONS

_COLUMNS = (
    ("id", "bigint"),
    ("state", "text"),
    ("reason", "text"),
    ("code", "integer"),
    ("enhanced", "text"),
    ("reply", "text"),
    ("remote_id", "text"),
    ("url", "text"),
    ("due_at", "timestamptz"),
)
"""What an outcome holds, in the order of its JSON array, with PostgreSQL's types."""

_CLAIM = """
UPDATE delivery SET worker_id = :worker
WHERE id IN (
    SELECT id FROM delivery
    WHERE step_id = :step AND state = {waiting} AND worker_id IS NULL
    ORDER BY id LIMIT :most {lock}
)
RETURNING id, part, recipient, name, language, fields, attempts
"""

_BEGIN_ATTEMPTS = """
UPDATE delivery
SET state = 'sending', attempts = attempts + 1, due_at = NULL, updated_at = :now
WHERE id IN ({ids}) AND worker_id = :worker AND state IN ('queued', 'deferred')
AND EXISTS (SELECT 1 FROM worker WHERE worker.id = :worker AND lease_until > :now)
"""

_LOG_ATTEMPTS = """
INSERT INTO attempt (delivery_id, number, worker_id, at)
SELECT id, attempts, worker_id, updated_at FROM delivery WHERE id IN ({ids})
"""

_SETTLE = """
UPDATE delivery
SET state = o.state, reason = o.reason, code = o.code, enhanced = o.enhanced, reply = o.reply,
    remote_id = o.remote_id, url = o.url, due_at = o.due_at, worker_id = NULL, updated_at = :now
FROM ({outcomes}) AS o
WHERE delivery.id = o.id AND delivery.state || '>' || o.state IN ({transitions})
"""

_LOG_OUTCOMES = """
INSERT INTO event (delivery_id, at, state, reason, code, enhanced, reply, remote_id, url)
SELECT o.id, :now, o.state, o.reason, o.code, o.enhanced, o.reply, o.remote_id, o.url
FROM ({outcomes}) AS o
"""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements in the words of one database."""

    claim_queued: str
    """Parameters: worker, step, most."""
    claim_deferred: str
    """Parameters: worker, step, most, now."""
    begin_attempts: str
    """Parameters: ids (JSON array), worker, now."""
    log_attempts: str
    """Parameters: ids (JSON array)."""
    settle: str
    """Parameters: outcomes (JSON array of arrays), now."""
    log_outcomes: str
    """Parameters: outcomes (JSON array of arrays), now."""


def for_dialect(name: str) -> Statements:
    """Return the statements for `sqlite` or `postgresql`."""
    transitions = ", ".join(
        f"'{before}>{after}'" for before, afters in TRANSITIONS.items() for after in sorted(afters)
    )
    if name == "sqlite":
        ids = "SELECT value FROM json_each(:ids)"
        columns = [f"value ->> {place} AS {name}" for place, (name, _) in enumerate(_COLUMNS)]
        outcomes = f"SELECT {', '.join(columns)} FROM json_each(:outcomes)"
    else:
        ids = "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(:ids AS json))"
        columns = [
            f"CAST(value ->> {place} AS {kind}) AS {name}"
            for place, (name, kind) in enumerate(_COLUMNS)
        ]
        source = "json_array_elements(CAST(:outcomes AS json))"
        outcomes = f"SELECT {', '.join(columns)} FROM {source}"

    lock = "" if name == "sqlite" else "FOR UPDATE SKIP LOCKED"

    def words(text: str, *, waiting: str = "") -> str:
        filled = text.format(
            ids=ids, outcomes=outcomes, transitions=transitions, waiting=waiting, lock=lock
        )
        if name == "sqlite":
            return filled
        return re.sub(r"(?<!:):(\w+)", r"%(\1)s", filled)

    return Statements(
        claim_queued=words(_CLAIM, waiting="'queued'"),
        claim_deferred=words(_CLAIM, waiting="'deferred' AND due_at <= :now"),
        begin_attempts=words(_BEGIN_ATTEMPTS),
        log_attempts=words(_LOG_ATTEMPTS),
        settle=words(_SETTLE),
        log_outcomes=words(_LOG_OUTCOMES),
    )
