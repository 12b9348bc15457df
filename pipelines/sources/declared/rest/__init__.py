"""Kind `rest`: a system with an API of lists, declared as for dlt's REST source.

dlt understands the entries, binds lists to the rows of other lists, and finds the next page. The
calls go through Rollcall's own session, and a list that may be incomplete is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.sources.declared.api import PerSecond, connect_api, describe_address
from pipelines.sources.declared.declaration import Declaration
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.declared.rest.entries import Client, Defaults, Resource, dump_entries
from pipelines.sources.declared.rest.lists import Lists
from pipelines.sources.declared.rest.plan import Plan, WrongEntry, make_plans
from pipelines.sources.probe import Probe
from pipelines.sources.reading import Api


class Rest(Declaration):
    """A system with a REST API. `resources` are its lists, each a table of its name."""

    client: Client
    resource_defaults: Defaults = Defaults()
    resources: list[Resource] = Field(min_length=1)
    requests_per_second: PerSecond = 10.0

    @model_validator(mode="after")
    def _check_plans(self) -> Self:
        try:
            self._plan()
        except WrongEntry as error:
            raise PydanticCustomError("resources", str(error)) from None
        if self.columns and len(self.resources) > 1:
            why = "`columns` is for one list; with several, `mapping` says what their rows mean"
            raise PydanticCustomError("columns", why)
        return self

    def _plan(self) -> list[Plan]:
        return make_plans(
            dump_entries(self.client),
            dump_entries(self.resource_defaults),
            [dump_entries(one) for one in self.resources],
        )

    def list_secrets(self) -> dict[str, str]:
        return self.client.auth.list_secrets() if self.client.auth else {}

    def list_tables(self) -> list[str]:
        return [one.name for one in self.resources]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return describe_address(self.client.base_url)

    def read_tables(self, into: ReadTables) -> None:
        lists = Lists(into, self._connect(into))
        for plan in self._plan():
            lists.add_table(plan)

    def _connect(self, into: ReadTables) -> Api:
        return connect_api(
            into,
            "client.base_url",
            self.client.base_url,
            self.client.auth,
            requests_per_second=self.requests_per_second,
            headers=self.client.headers,
        )

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        @cache
        def connect() -> Lists:
            return Lists(into, self._connect(into))

        for plan in self._plan():
            if not plan.parent:
                yield Probe(plan.name, lambda plan=plan: connect().probe(plan))
