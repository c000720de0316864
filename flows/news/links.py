"""Addresses as they stand in pages: made absolute, and rid of what follows readers around."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

_TRACKERS = re.compile(
    r"utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|matomo_\w+|hsa_\w+|__hs\w+|_hs\w+|mc_[ce]id|mkt_tok|fbclid"
    r"|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|_ga|_gl"
    r"|vero_id|oly_\w+_id|wickedid|s_cid|trk|trkcampaign|sc_cid|ref_src|at_campaign|at_medium|xtor",
    re.IGNORECASE,
)
"""Query fields that only say who followed a link from where."""
_KEPT_SCHEMES = ("http", "https", "mailto", "tel")


def page_address(url: str, *, base: str = "") -> str:
    """Return the address of a page as it states it, made absolute; empty if it is none."""
    try:
        absolute = urljoin(base, url.strip())
        host = urlsplit(absolute).hostname
    except ValueError:
        return ""
    return absolute if host and absolute.startswith(("http://", "https://")) else ""


def clean_link(url: str, *, base: str) -> str:
    """Return a link made absolute and without trackers; empty if it leads nowhere.

    Args:
        url: As it stands in the page.
        base: The address of the page; without one, relative links lead nowhere.
    """
    url = url.strip()
    try:
        absolute = url.startswith(("http://", "https://"))
        parts = urlsplit(url if absolute else urljoin(base, url))
    except ValueError:
        return ""
    if parts.scheme not in _KEPT_SCHEMES:
        return ""
    if parts.scheme in ("mailto", "tel"):
        return urlunsplit(parts) if parts.path else ""
    if not parts.netloc:
        return ""
    if parts.query and _TRACKERS.search(parts.query):
        fields = parse_qsl(parts.query, keep_blank_values=True)
        kept = [(name, value) for name, value in fields if not _TRACKERS.fullmatch(name)]
        if len(kept) != len(fields):
            parts = parts._replace(query=urlencode(kept))
    return urlunsplit(parts).replace(" ", "%20")
