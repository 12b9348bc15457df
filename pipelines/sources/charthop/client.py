"""Reads the lists of ChartHop. Its documentation does not say which page size is the largest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from pipelines.failures import Misconfigured
from pipelines.http.auth import FixedToken, check_secret
from pipelines.http.policy import Counters, Policy, check_url
from pipelines.http.session import Session
from pipelines.sources.raw_rows import Row, wrap_rows
from pipelines.sources.reading import Api, Json, read_first_accepted

TOKEN_REMEDY = (
    "set SOURCES__CHARTHOP__API_TOKEN to a token that is valid (ChartHop: Settings, Apps &"
    " Integrations or API), then run `rollcall check charthop`"
)
GROUPS_RIGHT = "read access to groups and group types"


@dataclass(frozen=True)
class Connection:
    """The address of one organisation, the token for it, and how fast it may be called."""

    base_url: str
    org_id: str
    token: str = field(repr=False)
    policy: Policy


class ChartHop:
    """One organisation. A token is valid until it is revoked, so 401 means that it was revoked."""

    def __init__(
        self, connection: Connection, counters: Counters, timezone: str, page_size: int
    ) -> None:
        try:
            self.zone = ZoneInfo(timezone.strip())
        except (KeyError, ValueError, OSError):
            raise Misconfigured(
                "SOURCES__CHARTHOP__TIMEZONE",
                "there is no such time zone",
                "use a name such as Europe/Oslo",
            ) from None
        base_url = check_url("SOURCES__CHARTHOP__BASE_URL", connection.base_url)
        token = check_secret("SOURCES__CHARTHOP__API_TOKEN", connection.token)
        signer = FixedToken(token, TOKEN_REMEDY)
        session = Session(
            "charthop", base_url, connection.policy, counters, signer, tenant_setting="org_id"
        )
        self.api = Api(base_url, session)
        self.session, self.counters = session, counters
        self.org_id = quote(connection.org_id.strip(), safe="")
        self.page_size = page_size
        self.accepted_paths: set[str] = set()

    @property
    def today(self) -> str:
        """Today in the organisation's time zone. The zone of ChartHop's dates is not documented."""
        return datetime.now(self.zone).date().isoformat()

    def read_organization(self) -> Iterator[pa.Table]:
        self.counters.rows_read["organization"] = 1
        yield wrap_rows([(self.org_id, {"id": self.org_id, "timezone": self.zone.key})])

    def read_group_types(self) -> list[pa.Table]:
        return self.read_list("group_types", f"v1/org/{self.org_id}/group-type", GROUPS_RIGHT)

    @cached_property
    def group_list(self) -> list[pa.Table]:
        return self._read_groups("groups", "ALL")

    def read_future_groups(self) -> list[pa.Table]:
        """Return the groups that do not exist yet; the rows of the full list do not say which."""
        return self._read_groups("future_groups", "FUTURE")

    def read_archived_groups(self) -> list[pa.Table]:
        """Return the groups that exist no more. A group that has a `deleteAt` may still exist."""
        return self._read_groups("archived_groups", "ARCHIVED")

    def _read_groups(self, resource: str, when: str) -> list[pa.Table]:
        path = f"v2/org/{self.org_id}/group"
        return self.read_list(resource, path, GROUPS_RIGHT, timeFilter=when, date=self.today)

    def read_list(
        self,
        resource: str,
        path: str,
        right: str,
        names: tuple[str, ...] = ("id",),
        counted: bool = True,
        **params: str,
    ) -> list[pa.Table]:
        """Return a whole list. `next` is used as it comes, with every other parameter repeated.

        A page size that ChartHop refuses is lowered for good: the largest is not documented. One
        that it has accepted for a path is not to blame for a later refusal.
        """

        def read(size: int) -> list[pa.Table]:
            tables = self.api.read_list(
                resource,
                lambda: self.api.read_pages(
                    path,
                    find_rows,
                    JSONResponseCursorPaginator(cursor_path="next", cursor_param="from"),
                    right,
                    limit=size,
                    **params,
                ),
                counted=counted,
                names=names,
            )
            self.page_size = size
            self.accepted_paths.add(path)
            return tables

        smaller = [size for size in (500, 100) if size < self.page_size]
        sizes = [self.page_size, *([] if path in self.accepted_paths else smaller)]
        return read_first_accepted([partial(read, size) for size in sizes])


def find_rows(body: Json) -> list[Row] | None:
    """Return the rows in a body, or None if the body has no `data`."""
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, list) else None
