"""The sandbox: the APIs of several vendors on loopback, and the company that they serve.

The product does not know the sandbox: other base URLs are all that points Rollcall to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tests.sandbox.company.parts import Company
from tests.sandbox.server import Server


class Sandbox:
    """The vendors of one company, served until `close`. Also a context manager.

    The server of a vendor is the attribute of the vendor's name, as in `sandbox.pingone`.
    """

    def __init__(self, company: Company | None = None, ports: Mapping[str, int] | None = None):
        if company is None:
            from tests.sandbox.company import company as invented

            company = invented()
        self.company = company
        self.servers = {
            name: Server(vendor, (ports or {}).get(name, 0))
            for name, vendor in company.vendors.items()
        }

    def __getattr__(self, name: str) -> Server:
        try:
            return self.__dict__["servers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def serve(self, company: Company) -> None:
        """Serve another company at the same addresses, with empty logs and no faults."""
        self.company = company
        for name, server in self.servers.items():
            server.vendor, server.faults = company.vendors[name], []
            server.clock_error = 0.0
            server.log.clear()
            server.seen.clear()

    def environment(self) -> dict[str, str]:
        """Return the settings that point Rollcall to the sandbox."""
        return {
            f"SOURCES__{source.upper()}__{name}": value
            for source, vendor in self.company.vendors.items()
            for name, value in vendor.settings(self.servers[source].url).items()
        }

    def write_environment(self) -> dict[str, str]:
        """Return the settings that let Rollcall write, and create their credentials."""
        return {
            f"PROVISION__{source.upper()}__{name}": value
            for source, vendor in self.company.vendors.items()
            for name, value in vendor.write_settings().items()
        }

    def close(self) -> None:
        for server in self.servers.values():
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
