"""What all public pages share: who we are, in which language, in which look, with which headers."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flows.audience.lists import lists_of
from flows.audience.subscribers import open_audience
from flows.audience.tokens import Purpose, Signer
from flows.campaign.folder import ORGANISATION_FILE, read_organisation
from flows.campaign.issues import ARCHIVE_PATH
from flows.channels.opening import open_mail
from flows.compose.theme import Theme, theme_of
from flows.compose.wording import is_dutch
from flows.console.public.forms import Seals
from flows.console.public.letters import Sender
from flows.console.public.limits import Counter
from flows.console.public.mailroom import Mailroom
from flows.console.public.network import network_of, proxies
from flows.console.public.words import Notice, Words
from flows.console.public.words_en import ENGLISH
from flows.console.public.words_nl import DUTCH
from flows.errors import SettingsError
from flows.models import MailingList, Organisation
from flows.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

_log = logging.getLogger("oproep.public")

LANGUAGES: Mapping[str, Words] = {"nl": DUTCH, "en": ENGLISH}
LANGUAGE_NAMES: Mapping[str, str] = {"nl": "Nederlands", "en": "English"}
"""Each language by its own name."""
CHOICE = "taal"
"""The name in an address under which a chosen language travels, since nothing is remembered."""
SIGNUP_PATH = "/aanmelden"
CONFIRM_PATH = "/bevestigen/"
PRIVACY_PATH = "/privacy"
STYLE_PATH = "/stijl.css"
ICON_PATH = "/icoon.svg"

_NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
POLICY = f"{_NOTHING}; style-src 'self'; img-src 'self'"
"""What a page of ours may load: its own style sheet and icon. No script can run."""

_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z0-9]+)*(?:;q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that can be chosen in a form."""

    key: str
    title: str
    about: str = ""
    language: str = ""


class Site:
    """The public pages of one installation.

    Args:
        settings: Of this installation.
        engine: Of its database.

    Raises:
        InputError: the organisation's file cannot be read.
        LedgerError: the secret key is another one than before.
        SettingsError: there is no secret key, or a setting cannot be used.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.audience = open_audience(settings, engine)
        secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
        self.organisation: Organisation = read_organisation(
            settings.content_dir / ORGANISATION_FILE
        )
        self.lists: Mapping[str, MailingList] = lists_of(self.organisation)
        self.seals = Seals(secret)
        self.counter = Counter(engine, self.audience.hash)
        self.unsubscribe_links = Signer(secret, Purpose.UNSUBSCRIBE)
        self.confirm_links = Signer(secret, Purpose.CONFIRM)
        self.own_links = Signer(secret, Purpose.PREFERENCES)
        self.public_url = settings.public_url.rstrip("/")
        self.base = urlsplit(self.public_url).path
        """What the addresses of all pages begin with, where the site is not alone on its host."""
        self.sender = Sender(organisation=self.organisation, templates=settings.templates_dir)
        self.mailroom = _mailroom(settings)
        self._proxies = proxies(settings.public_proxy)

    def words(self, request: Request) -> Words:
        """Return the words to answer in: as chosen, or as the browser asks, or as we speak."""
        chosen = LANGUAGES.get(request.query_params.get(CHOICE, ""))
        return (
            chosen
            or LANGUAGES[
                _asked_for(request.headers.get("accept-language", ""))
                or ("nl" if is_dutch(self.organisation.language) else "en")
            ]
        )

    def network(self, request: Request) -> str:
        """Return the network that a request comes from."""
        return network_of(
            request.client.host if request.client else None,
            request.headers.getlist("x-forwarded-for"),
            self._proxies,
        )

    def choices(self, words: Words) -> list[Choice]:
        """Return the lists that people can put themselves on."""
        return [self.choice(key, words) for key, list_ in self.lists.items() if list_.public]

    def choice(self, key: str, words: Words) -> Choice:
        """Return a list as it is shown; one that is no longer described has only its key."""
        list_ = self.lists.get(key)
        about = list_.about_in(words.code) if list_ else ""
        return Choice(key=key, title=self.list_title(key, words), about=about)

    def list_title(self, key: str, words: Words) -> str:
        """Return what a list is called; one that is no longer described has its key."""
        list_ = self.lists.get(key)
        return list_.title_in(words.code) if list_ else key

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        private: bool = True,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """Return a page.

        Args:
            request: What it answers.
            template: Name of the template in `templates/pages/`, without its ending.
            status: HTTP status.
            private: Whether it is nobody else's business: not kept anywhere, not to be found.
            headers: More headers.
            values: What the template prints beside what all pages share.
        """
        words = self.words(request)
        here = self.here(request)
        html = self.fragment(
            request,
            template,
            base=self.base,
            here=here,
            other_language=f"{self.base}{here}?{CHOICE}={words.other_code}",
            style=self.style_path,
            icon=self.base + ICON_PATH,
            feed_title=words.feed_title.format(organisation=self.organisation.name),
            navigation=((SIGNUP_PATH, words.nav_signup), (ARCHIVE_PATH, words.nav_archive)),
            private=private,
            **values,
        )
        return HTMLResponse(
            html, status, headers=self.headers(words, private=private) | dict(headers or {})
        )

    def fragment(self, request: Request, template: str, **values: object) -> str:
        """Return a page, or a part of one, as HTML."""
        words = self.words(request)
        chosen = f"?{CHOICE}={words.code}" if CHOICE in request.query_params else ""

        def href(path: str) -> str:
            return f"{self.base}{path}{chosen}"

        return self._templates.get_template(f"{template}.html.j2").render(
            w=words, organisation=self.organisation, theme=self.theme, href=href, **values
        )

    def notice(
        self,
        request: Request,
        notice: Notice,
        *,
        status: int = 200,
        good: bool = False,
        links: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        **values: str,
    ) -> Response:
        """Return a page that only says something.

        Args:
            request: What it answers.
            notice: What it says.
            status: HTTP status.
            good: Whether something came to a good end.
            links: Where one may want to go next: path and words.
            headers: More headers.
            values: What stands in the braces of the notice.
        """
        return self.page(
            request,
            "notice",
            status=status,
            headers=headers,
            heading=notice.title,
            paragraphs=[line.format(**values) for line in notice.says],
            good=good,
            links=links,
        )

    def headers(self, words: Words, *, private: bool, policy: str = POLICY) -> dict[str, str]:
        """Return the headers of a page."""
        return {
            "content-language": words.code,
            "content-security-policy": policy,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "cross-origin-opener-policy": "same-origin",
            "vary": "accept-language",
        } | (
            {"cache-control": "no-store", "x-robots-tag": "noindex"}
            if private
            else {"cache-control": "public, max-age=300"}
        )

    @cached_property
    def own_words(self) -> Words:
        """The words of the organisation's own language."""
        return LANGUAGES["nl" if is_dutch(self.organisation.language) else "en"]

    @cached_property
    def theme(self) -> Theme:
        """The organisation's colours."""
        return theme_of(self.organisation.brand.color)

    @cached_property
    def style(self) -> str:
        """The style sheet."""
        return self._drawn("style.css.j2")

    @cached_property
    def style_path(self) -> str:
        """The address of the style sheet, which changes whenever the sheet does."""
        return f"{self.base}{STYLE_PATH}?{hashlib.sha256(self.style.encode()).hexdigest()[:12]}"

    @cached_property
    def icon(self) -> str:
        """The icon, as SVG."""
        return self._drawn("icon.svg.j2")

    def _drawn(self, template: str) -> str:
        return self._templates.get_template(template).render(theme=self.theme)

    def here(self, request: Request) -> str:
        """Return the path of a request, without what all our addresses begin with."""
        path = request.url.path
        return path.removeprefix(self.base) if self.base else path

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        return Environment(
            loader=FileSystemLoader(self.settings.templates_dir / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def _mailroom(settings: Settings) -> Mailroom | None:
    """Return what sends mail, or None where it cannot be sent: leaving and reading still work."""
    try:
        return Mailroom(open_mail(settings, step="pages"))
    except SettingsError as error:
        _log.warning("nobody can subscribe on the public pages: %s", error)
        return None


def _asked_for(header: str) -> Literal["nl", "en"] | None:
    """Return which of our languages a browser asks for first, if it asks for one."""
    best: dict[str, float] = {}
    for part in header[:500].replace(" ", "").split(","):
        if found := _TAG.fullmatch(part):
            tag, quality = found[1].lower(), float(found[2] or 1)
            best[tag] = max(best.get(tag, 0), quality)
    dutch, english = best.get("nl", 0.0), best.get("en", 0.0)
    if not dutch and not english:
        return None
    return "nl" if dutch >= english else "en"
