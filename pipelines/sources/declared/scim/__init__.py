"""Kind `scim`: a system that speaks SCIM 2.0 (RFC 7643, RFC 7644).

Its tables always mean the same, so a file needs an address only. A company may map them otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Annotated, Self

import pyarrow as pa
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.sources.declared.api import Auth, PerSecond, connect_api, describe_address
from pipelines.sources.declared.declaration import Declaration, Mapping
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.declared.scim.attributes import (
    describe_group,
    describe_user,
    list_roles,
    list_user_groups,
)
from pipelines.sources.declared.scim.directory import Directory
from pipelines.sources.declared.scim.meaning import MAPPING, REACHED
from pipelines.sources.probe import Probe
from pipelines.sources.raw_rows import Row

META = ("created", "last_modified", "payload")
COLUMNS = {
    "users": (
        *("id", "endpoint", "external_id", "user_name", "display_name", "email", "active"),
        *("user_type", "title", "employee_number", "department", "manager_id", *META),
    ),
    "groups": ("id", "external_id", "display_name", *META),
    "members": ("group_id", "member_id", "type"),
    "user_groups": ("user_id", "group_id", "display", "type"),
    "user_roles": ("user_id", "kind", "value", "display", "type"),
}
GROUPS = {"Groups": "groups and their members"}
DISAGREEMENT = f"{REACHED} select count(*), min(group_id) from only_said_by_users"


class Scim(Declaration):
    """A SCIM server. `accounts` are the endpoints whose resources are accounts, and `groups` says
    whether it has any."""

    base_url: str
    auth: Auth = Auth(type="bearer")
    accounts: list[Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]] = Field(["Users"], min_length=1)
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    groups: bool = True
    members_may_be_missing: bool = False
    requests_per_second: PerSecond = 10.0

    @model_validator(mode="after")
    def _refuse_columns(self) -> Self:
        if self.columns:
            why = "`columns` is for a system of one table; a `mapping` says what several mean"
            raise PydanticCustomError("columns", why)
        return self

    def list_secrets(self) -> dict[str, str]:
        return self.auth.list_secrets()

    def list_tables(self) -> list[str]:
        return [*COLUMNS]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return describe_address(self.base_url)

    def default_mapping(self) -> Mapping:
        return MAPPING

    def read_tables(self, into: ReadTables) -> None:
        found = self._connect(into).read()
        users = found.users.items()
        rows = {
            "users": [describe_user(user, key, found.endpoints[key]) for key, user in users],
            "groups": [describe_group(group, key) for key, group in found.groups.items()],
            "members": found.list_members(into.what),
            "user_groups": [row for key, user in users for row in list_user_groups(user, key)],
            "user_roles": [row for key, user in users for row in list_roles(user, key)],
        }
        for table, columns in COLUMNS.items():
            _add_rows(into, table, columns, rows[table])
        self._warn_of_disagreement(into)

    def _connect(self, into: ReadTables) -> Directory:
        api = connect_api(
            into, "base_url", self.base_url, self.auth, requests_per_second=self.requests_per_second
        )
        return Directory(
            api,
            into.what,
            page_size=self.page_size,
            accounts=self.accounts,
            has_groups=self.groups,
            members_may_be_missing=self.members_may_be_missing,
        )

    def _warn_of_disagreement(self, into: ReadTables) -> None:
        """Warn of users who say to be in a group that does not have them: both count as access."""
        [(rows, group)] = into.connection.execute(DISAGREEMENT).fetchall()
        if rows:
            into.counters.warn(
                f"{into.system.name}: {rows} memberships are in `groups` of users only, such as one"
                f" of group {group}, which does not list the member; they count as access"
            )

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        connect = cache(partial(self._connect, into))

        def describe_server() -> str:
            if not connect().read_config():
                return "the server does not describe itself; pages by index"
            return f"pages by {'cursor' if connect().has_cursors() else 'index'}"

        yield Probe("ServiceProviderConfig", describe_server)
        purposes = dict.fromkeys(self.accounts, "accounts") | (GROUPS if self.groups else {})
        for endpoint, purpose in purposes.items():
            count = partial(lambda endpoint: connect().count(endpoint), endpoint)
            yield Probe(endpoint, count, f"the right to read {endpoint}", purpose)


def _add_rows(into: ReadTables, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    schema = pa.schema([(column, pa.string()) for column in columns])
    into.add_batches(table, schema, pa.Table.from_pylist(rows, schema).to_batches())
