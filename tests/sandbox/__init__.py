"""The sandbox: three vendors' APIs on loopback, and a company that they know.

Nothing in the product knows of it: to use it is to set other base URLs.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tests.sandbox.company_parts import Company
from tests.sandbox.server import Server


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

    def environment(self) -> dict[str, str]:
        """The settings that point Rollcall here."""
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
