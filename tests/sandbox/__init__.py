"""The sandbox: the APIs of three vendors on loopback, and the company that they serve.

The product does not know the sandbox: other base URLs are all that points Rollcall to it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tests.sandbox.company.parts import Company
from tests.sandbox.server import Server

PINGONE_WRITER = "9c1d7a20-0d0e-4b6f-9a11-5566778899bb"


class Sandbox:
    """The three vendors of one company, served until `close`. Also a context manager."""

    def __init__(self, company: Company | None = None, ports: tuple[int, int, int] = (0, 0, 0)):
        if company is None:
            from tests.sandbox.company import company as invented

            company = invented()
        self.company = company
        self.charthop = Server(company.charthop, ports[0])
        self.haloitsm = Server(company.haloitsm, ports[1])
        self.pingone = Server(company.pingone, ports[2])

    def serve(self, company: Company) -> None:
        """Serve another company at the same addresses, with empty logs and no faults."""
        self.company = company
        for source in ("charthop", "haloitsm", "pingone"):
            server = getattr(self, source)
            server.vendor, server.faults = getattr(company, source), []
            server.clock_error = 0.0
            server.log.clear()
            server.seen.clear()

    def environment(self) -> dict[str, str]:
        """Return the settings that point Rollcall to the sandbox."""
        charthop, halo, pingone = (
            self.company.charthop,
            self.company.haloitsm,
            self.company.pingone,
        )
        settings = {
            "CHARTHOP__BASE_URL": self.charthop.url,
            "CHARTHOP__ORG_ID": charthop.slug,
            "CHARTHOP__API_TOKEN": charthop.token,
            "HALOITSM__BASE_URL": self.haloitsm.url,
            "HALOITSM__CLIENT_ID": halo.client_id,
            "HALOITSM__CLIENT_SECRET": halo.client_secret,
            "PINGONE__BASE_URL": f"{self.pingone.url}/v1",
            "PINGONE__AUTH_URL": self.pingone.url,
            "PINGONE__ENVIRONMENT_ID": pingone.environment_id,
            "PINGONE__CLIENT_ID": pingone.client_id,
            "PINGONE__CLIENT_SECRET": pingone.client_secret,
        }
        return {f"SOURCES__{name}": value for name, value in settings.items()}

    def write_environment(self) -> dict[str, str]:
        """Return the settings that let Rollcall write, and create their credentials."""
        halo, pingone = self.company.haloitsm, self.company.pingone
        halo.agents[3] = {**halo.agents[2], "id": 3, "name": "Rollcall writer"}
        halo.add_client("halo-writer", "halo-writer-secret", 3)
        halo.touch()
        pingone.add_client(PINGONE_WRITER, "pingone-writer-secret", "Rollcall writer")
        settings = {
            "HALOITSM__CLIENT_ID": "halo-writer",
            "HALOITSM__CLIENT_SECRET": "halo-writer-secret",
            "HALOITSM__REQUESTS_PER_SECOND": "0",
            "HALOITSM__TICKET_TYPE": "Access Request",
            "HALOITSM__TICKET_STATUS": "New",
            "HALOITSM__TICKET_PRIORITY": "Medium",
            "HALOITSM__TICKET_CATEGORY": "Access>Removal",
            "HALOITSM__TICKET_TEAM": halo.teams[min(halo.teams)]["name"],
            "HALOITSM__TICKET_REQUESTER": "access-review@lanternfish.example",
            "PINGONE__CLIENT_ID": PINGONE_WRITER,
            "PINGONE__CLIENT_SECRET": "pingone-writer-secret",
            "PINGONE__REQUESTS_PER_SECOND": "0",
        }
        return {f"PROVISION__{name}": value for name, value in settings.items()}

    def close(self) -> None:
        for server in (self.charthop, self.haloitsm, self.pingone):
            server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
