"""The mark of the secret key under which addresses are hashed: another key must be noticed."""

from __future__ import annotations

from sqlalchemy import Engine, select

from flows.audience import tables as t
from flows.audience.rows import insert_or
from flows.database import reading
from flows.errors import LedgerError


def require_same_secret(engine: Engine, mark: str) -> None:
    """Keep the first secret key's mark.

    Raises:
        LedgerError: this is another key's.
    """
    with reading(engine) as connection:
        kept = connection.scalar(select(t.secret_mark.c.mark))
    if kept is None:
        with engine.begin() as connection:
            connection.execute(
                insert_or(connection, t.secret_mark)
                .values(id=1, mark=mark)
                .on_conflict_do_nothing()
            )
            kept = connection.scalar(select(t.secret_mark.c.mark))
    if kept != mark:
        raise LedgerError(
            "The addresses that must not be mailed were kept under another secret key.",
            where="OPROEP_SECRET_KEY",
            mend="Put the key back that was used before: with this one nobody could tell "
            "whom to leave in peace, and links in mails already out would not work.",
        )
