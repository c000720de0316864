"""Everything that can go wrong, as one tree.

    OproepError                   what happened, where, and how to mend it        exit 1
    ├── InputError                a file, page or option cannot be used as it is
    ├── SettingsError             a setting is missing or cannot be read
    ├── LedgerError               the ledger refuses
    │   ├── NotLaunched           it knows no such campaign, or no such step of it
    │   ├── IllegalTransition     a state may not follow the one that stands there
    │   └── Unbalanced            the counts do not add up
    └── DeliveryError             what a channel may raise from `deliver`
        ├── Rejected              refused for good
        ├── Deferred              refused for now, come back later
        ├── Unconfirmed           it may have gone out; nobody knows
        └── AuthLost              the credentials are no longer accepted          exit 4

Whether a failure is final is told by the class, never by its text.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class OproepError(Exception):
    """Any failure that a user should read.

    Args:
        what: One sentence that says what is wrong.
        where: The file, line, field or server it concerns.
        mend: What the reader can do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{self.what}{where}{mend}"


class InputError(OproepError):
    """A file, page or option that a person gave cannot be used as it is."""


class SettingsError(OproepError):
    """A setting is missing or cannot be read."""


class LedgerError(OproepError):
    """The ledger refuses what it was asked."""


class NotLaunched(LedgerError):
    """The ledger knows no such campaign, or the campaign has no such step."""


class IllegalTransition(LedgerError):
    """A delivery may not go from the state it is in to the one asked for."""


class Unbalanced(LedgerError):
    """The deliveries of a step do not add up to what was planned."""


class DeliveryError(OproepError):
    """An attempt did not end in an acceptance.

    Args:
        what: One sentence for people.
        code: The other side's reply code (SMTP or HTTP), if there was one.
        enhanced: The enhanced status code of RFC 3463, if there was one.
        reply: The other side's own words.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        mend: str = "",
        code: int | None = None,
        enhanced: str | None = None,
        reply: str = "",
    ) -> None:
        super().__init__(what, where=where, mend=mend)
        self.code = code
        self.enhanced = enhanced
        self.reply = reply


class Rejected(DeliveryError):
    """Refused for good; trying again would change nothing."""


class Deferred(DeliveryError):
    """Refused for now; worth another try after `retry_after`, if the other side named a time."""

    def __init__(
        self,
        what: str,
        *,
        retry_after: timedelta | None = None,
        where: str = "",
        mend: str = "",
        code: int | None = None,
        enhanced: str | None = None,
        reply: str = "",
    ) -> None:
        super().__init__(what, where=where, mend=mend, code=code, enhanced=enhanced, reply=reply)
        self.retry_after = retry_after


class Unconfirmed(DeliveryError):
    """The message may have gone out. It is never sent again without proof that it did not."""


class AuthLost(DeliveryError):
    """The other side no longer accepts our credentials; every further attempt would fail too."""

    exit_code: ClassVar[int] = 4
