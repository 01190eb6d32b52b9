"""All routes of the HTTP side in one table."""

from __future__ import annotations

from functools import cache, partial

from handlers.access.auth import Access
from handlers.api.accounts import AccountHandlers
from handlers.api.archive import ArchiveHandlers
from handlers.api.bulk import BulkHandlers
from handlers.api.devices import DeviceHandlers
from handlers.api.health import HealthHandlers, Stamp, state_for_viewers
from handlers.api.materials import MaterialHandlers
from handlers.api.metrics import Metrics
from handlers.api.openapi.document import make_document
from handlers.api.rehearsal.compat import CompatHandlers
from handlers.api.rehearsal.rehearsals import RehearsalHandlers
from handlers.api.services import Services
from handlers.api.slots import SlotHandlers
from handlers.api.system import LicenseHandlers, SystemHandlers
from handlers.api.task_view import moment
from handlers.api.tasks import TaskHandlers
from handlers.api.teaching.teach import TeachHandlers
from handlers.api.uploads import UploadHandlers
from handlers.page.changes import ChangeHandlers
from handlers.page.needs import NeedHandlers
from handlers.page.session import SessionHandlers
from handlers.page.static_files import StaticFiles
from handlers.page.tokens import TokenHandlers
from handlers.page.upkeep import UpkeepHandlers
from handlers.request.call import Route
from handlers.request.envelope import Reply


def all_routes(services: Services, access: Access, metrics: Metrics) -> list[Route]:
    """The routes of every resource, of the console's own calls, and of the contract."""
    resources = (
        BulkHandlers,
        TaskHandlers,
        ArchiveHandlers,
        AccountHandlers,
        DeviceHandlers,
        MaterialHandlers,
        UploadHandlers,
        SlotHandlers,
        RehearsalHandlers,
        TeachHandlers,
        CompatHandlers,
        LicenseHandlers,
        SystemHandlers,
    )
    table = [route for resource in resources for route in resource(services).routes()]
    table += [*HealthHandlers(services).routes(), *metrics.routes()]
    table += StaticFiles().routes()

    def when(at: float) -> str:
        return moment(at, services.zone()) or ""

    table += SessionHandlers(access, services.sessions, when).routes()
    table += TokenHandlers(
        services.token_book, services.sessions, lambda: services.settings().server.listen
    ).routes()
    table += UpkeepHandlers(
        services.doctor,
        services.back_up,
        services.try_notifications,
        state_dir=services.store.state_dir,
        clock=services.clock,
        when=when,
    ).routes()
    table += NeedHandlers(services.needs.all, when).routes()
    table += ChangeHandlers(
        lambda: state_for_viewers(services),
        Stamp(services),
        services.clock,
        lambda: when(services.clock.now()),
    ).routes()
    # Made at the first call: the start does not wait for it.
    document = cache(partial(make_document, tuple(table), services.version))
    table.append(
        Route(
            method="GET",
            path="/api/v1/openapi.json",
            call=lambda _: Reply(200, document()),
            summary="This contract as OpenAPI 3.1",
            tag="system",
            hidden=True,
        )
    )
    return table
