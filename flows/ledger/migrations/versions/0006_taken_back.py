"""A launch of which nothing went out can be taken back although something was noted of it.

Revision: 0006
"""

from flows.ledger.migrations.history import let_take_back

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Let go, with its delivery, of what only says that it waited or was left out."""
    let_take_back("event", states=("queued", "skipped"))
