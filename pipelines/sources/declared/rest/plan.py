"""What is read of a REST API, in which order: each resource as dlt understands its entries."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from dlt.common.jsonpath import find_values
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    OffsetPaginator,
    RangePaginator,
    SinglePagePaginator,
)
from dlt.sources.rest_api.config_setup import (
    build_parent_record,
    build_resource_dependency_graph,
    collect_resolved_values,
    create_paginator,
    expand_placeholders,
)
from dlt.sources.rest_api.typing import ResolvedParam
from jsonpath_ng.exceptions import JSONPathError

from pipelines.failures import Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import ListRequest

EVERY, WHOLE_ANSWER = "[*]", "$"


class WrongEntry(Exception):
    """An entry of a file that cannot be used."""


@dataclass(frozen=True)
class Plan:
    """How one resource is read. `parent` is the resource for each of whose rows it has a list."""

    name: str
    endpoint: dict[str, Any]
    paginator: BasePaginator
    resolved: list[ResolvedParam]
    primary_key: tuple[str, ...] = ()
    include_from_parent: list[str] = field(default_factory=list)
    total: str = ""
    may_be_missing: bool = False
    optional: list[str] = field(default_factory=list)
    expected_rows: int = 0

    @property
    def parent(self) -> str:
        return self.resolved[0].resolve_config["resource"] if self.resolved else ""

    @property
    def selector(self) -> str:
        return self.endpoint["data_selector"]

    @property
    def can_shift(self) -> bool:
        """Return whether a row that is deleted during the read moves another one out of sight."""
        return isinstance(self.paginator, RangePaginator) and not self.total

    def make_request(self, what: str, parent: Row | None) -> tuple[ListRequest, str]:
        """Return the request for the list of one parent, and the parent's id in it."""
        values = self._collect_values(what, parent) if parent is not None else {}
        quoted = {name: quote(value, safe="") for name, value in values.items()}
        endpoint = self.endpoint
        request = ListRequest(
            path=expand_placeholders(endpoint["path"], quoted),
            params=expand_placeholders(
                {
                    name: value
                    for name, value in (endpoint.get("params") or {}).items()
                    if not isinstance(value, dict)  # those are in the path
                },
                values,
            ),
            method=endpoint.get("method") or "GET",
            json=expand_placeholders(endpoint.get("json"), values, preserve_value_type=True),
            headers=expand_placeholders(endpoint.get("headers"), values),
            selector=self.selector,
        )
        return request, next(iter(values.values()), "")

    def _collect_values(self, what: str, parent: Row) -> dict[str, str]:
        try:
            given = collect_resolved_values(parent, self.resolved, None, None)
        except ValueError:
            given = {one.param_name: None for one in self.resolved}
        values = {name: to_text_id(value) for name, value in given.items()}
        for one in self.resolved:
            if values[one.param_name] in (None, ".", ".."):
                raise Unreadable(
                    what,
                    f"a row of {self.parent} has no {one.resolve_config['field']} to ask with",
                    "correct the field in the file, or report it to the vendor",
                )
        return {name: str(value) for name, value in values.items()}

    def copy_from_parent(self, what: str, parent: Row | None) -> Row:
        """Return the fields of the parent that each of its rows gets."""
        if parent is None:
            return {}
        try:
            return build_parent_record(parent, self.parent, self.include_from_parent)
        except ValueError:
            lacking = next(one for one in self.include_from_parent if one not in parent)
            raise Unreadable(
                what, f"a row of {self.parent} has no field {lacking}", "correct the file"
            ) from None

    def find_error(self, body: Any) -> Any:
        """Return what an answer says to have failed, as GraphQL does beside its rows."""
        if not isinstance(body, dict) or self.selector == WHOLE_ANSWER:
            return None
        return body.get("errors") or body.get("error")

    def find_rows(self, body: Any) -> list[Any] | None:
        """Return the rows in the body of an answer; None where it lacks their list."""
        envelope, _, rest = self.selector.partition(EVERY)
        found = find_values(envelope, body)
        if len(found) != 1 or found[0] is None:
            return [] if self.may_be_missing else None
        [rows] = found
        if isinstance(rows, dict) and not rest and isinstance(self.paginator, SinglePagePaginator):
            return [rows]
        if not isinstance(rows, list):
            return None
        if rest:
            inner = [find_values(rest.removeprefix("."), row) for row in rows]
            return [one[0] for one in inner] if all(len(one) == 1 for one in inner) else None
        return rows

    def find_total(self, body: Any) -> int | None:
        """Return how many rows the list has in all, as an answer says it."""
        said = next(iter(find_values(self.total, body)), None) if self.total else None
        if isinstance(said, str) and said.strip().isdecimal():
            return int(said)
        return said if type(said) is int else None


def make_plans(
    client: dict[str, Any], defaults: dict[str, Any], resources: list[dict[str, Any]]
) -> list[Plan]:
    """Return the plan of each resource, parents first. Raises WrongEntry."""
    try:
        graph, known, resolved = build_resource_dependency_graph(
            deepcopy(defaults), deepcopy(resources)
        )
        order = [*graph.static_order()]
    except (ValueError, KeyError, TypeError, JSONPathError) as error:
        raise WrongEntry(str(error)) from None
    return [_make_plan(client, known[name], resolved[name] or []) for name in order]


def _make_plan(
    client: dict[str, Any], resource: dict[str, Any], resolved: list[ResolvedParam]
) -> Plan:
    name, endpoint = resource["name"], resource["endpoint"]
    what = f"resource {name}"
    given = endpoint.get("paginator") or client.get("paginator")
    if given is None:
        raise WrongEntry(
            f"{what}: nothing says how its pages follow each other; add a paginator, such as"
            ' {type = "single_page"}'
        )
    try:
        paginator = create_paginator(given)
    except (TypeError, ValueError, JSONPathError) as error:
        raise WrongEntry(f"{what}: its paginator: {error}") from None
    if not endpoint.get("data_selector"):
        raise WrongEntry(
            f'{what}: nothing says where its rows are; add data_selector = "data", or "$" where'
            " the answer itself is the list"
        )
    if resource.get("include_from_parent") and not resolved:
        raise WrongEntry(f"{what}: it has include_from_parent, and no parent")
    if (endpoint.get("json") is not None) and endpoint.get("method") != "POST":
        raise WrongEntry(f'{what}: json is sent by method = "POST" only')
    total = resource.get("total") or ""
    if isinstance(paginator, OffsetPaginator) and paginator.total_path and not total:
        total = str(paginator.total_path)
    key = resource.get("primary_key") or ()
    return Plan(
        name=name,
        endpoint=endpoint,
        paginator=paginator,
        resolved=resolved,
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        include_from_parent=resource.get("include_from_parent") or [],
        total=total,
        may_be_missing=bool(resource.get("may_be_missing")),
        optional=resource.get("optional") or [],
        expected_rows=resource.get("expected_rows") or 0,
    )
