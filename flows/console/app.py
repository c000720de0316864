"""The web application: the public pages now, the staff's console beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Mount, Router

from flows.console.public import furniture, leaving, own_page, reading, signing_up
from flows.console.public.faults import handlers
from flows.console.public.site import Site
from flows.database import open_database
from flows.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """Return the application of one installation.

    Raises:
        InputError: the organisation's file cannot be read.
        LedgerError: the database cannot be opened, or the secret key is another one than before.
        SettingsError: there is no secret key, or a setting cannot be used.
    """
    engine = open_database(settings.database)
    try:
        site = Site(settings, engine)
    except BaseException:
        engine.dispose()
        raise

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if site.mailroom is not None:
            site.mailroom.start()
        yield
        if site.mailroom is not None:
            await run_in_threadpool(site.mailroom.close)
        engine.dispose()

    pages = [
        *signing_up.routes(site),
        *leaving.routes(site),
        *own_page.routes(site),
        *reading.routes(site),
        *furniture.routes(site),
    ]
    # Behind a proxy that leaves the path as it is, and behind one that takes its beginning off.
    routes: list[BaseRoute] = list(pages)
    if site.base:
        routes.insert(0, Mount(site.base, app=Router(pages, redirect_slashes=False)))
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers(site, pages))
    # It would name whatever host the request claims to be for.
    app.router.redirect_slashes = False
    return app
