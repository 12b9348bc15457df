"""The entries of kind `rest`: those of dlt's REST source that a whole read allows, and a few more.

What dlt can do and a review cannot bear is refused with its reason: to guess how a list is paged,
to read changes only, to stop at a page, or to ignore an answer.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from dlt.common.jsonpath import compile_path
from dlt.sources.rest_api.config_setup import PAGINATOR_MAP
from jsonpath_ng.exceptions import JSONPathError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.files.toml_file import Strict, Text
from pipelines.sources.declared.api import Auth
from pipelines.sources.declared.declaration import Rows

WHOLE = "every read is whole, so that a removal is seen"
REFUSED = {
    "incremental": WHOLE,
    "write_disposition": WHOLE,
    "response_actions": "an answer that is ignored would look like a removal",
    "processing_steps": "the mapping selects and changes rows",
    "auth": "it belongs to the client",
}
CUT = "it would leave out what comes later"
REFUSED_OF_PAGINATOR = {
    "maximum_page": CUT,
    "maximum_offset": CUT,
    "offset": "it would leave out what comes before",
    "page": "say where pages begin with base_page",
}
PAGINATORS = sorted({*PAGINATOR_MAP} - {"auto", "json_response"})
# A path to one place in an answer, with at most one list that is walked through: `data[*].node`
PATH = re.compile(r"\$|(\$\.)?[^\s.\[\]*?]+(\.[^\s.\[\]*?]+)*(\[\*\](\.[^\s.\[\]*?]+)*)?")

SECRET_HEADER = re.compile(r"(?i)key|token|secret|cookie|auth|pass")


def _refuse(given: Any, refused: dict[str, str]) -> Any:
    for entry in refused.keys() & given if isinstance(given, dict) else ():
        raise PydanticCustomError("refused", f"{entry} cannot be used: {refused[entry]}")
    return given


def _check_path(text: str) -> str:
    try:
        is_path = compile_path(text.partition("[*]")[0]) and PATH.fullmatch(text)
    except JSONPathError:
        is_path = False
    if not is_path:
        raise PydanticCustomError(
            "path",
            "it must lead to one place, as data.users does (quote a name as in data.'@count')",
        )
    return text


def _check_paginator(given: Any) -> Any:
    kind = given.get("type") if isinstance(given, dict) else given
    if kind not in PAGINATORS:
        known = ", ".join(PAGINATORS)
        why = "to guess how the pages of a list follow each other may lose rows"
        raise PydanticCustomError("paginator", f"{why}; give its type, one of {known}")
    return _refuse({"type": kind} if isinstance(given, str) else given, REFUSED_OF_PAGINATOR)


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in filter(SECRET_HEADER.search, headers):
        why = f"the header {name} is for a secret, which does not belong in this file"
        next = f'write auth = {{type = "api_key", name = "{name}"}} in the client'
        raise PydanticCustomError("header", f"{why}; {next}")
    return headers


def _check_place(text: str) -> str:
    if "?" in text:
        raise PydanticCustomError("place", "write what follows the question mark as params")
    return text


Headers = Annotated[dict[str, str], AfterValidator(_check_headers)]
Place = Annotated[Text, AfterValidator(_check_place)]
Path = Annotated[Text, BeforeValidator(_check_path)]
Paginator = Annotated[dict[str, Any], BeforeValidator(_check_paginator)]


class Client(Strict):
    """What the requests of all resources have in common."""

    base_url: Place
    headers: Headers = Field({})
    auth: Auth | None = None
    paginator: Paginator | None = None


class Endpoint(Strict):
    """Where the rows of a resource are."""

    path: Place | None = None
    method: Literal["GET", "POST"] | None = None
    params: dict[str, Any] | None = None
    body: dict[str, Any] | None = Field(None, alias="json")
    headers: Headers | None = None
    paginator: Paginator | None = None
    data_selector: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"path": given}
        for name, value in (given.get("params") or {}).items() if isinstance(given, dict) else ():
            if isinstance(value, dict) and value.get("type") != "resolve":
                raise PydanticCustomError("param", f"param {name} can be a value or a resolve")
        return _refuse(given, REFUSED)


class Defaults(Strict):
    """What resources have in common, where they do not say otherwise.

    `total` is where an answer says how many rows the whole list has. With `may_be_missing`, an
    answer without its list is an empty one. `optional` names fields that perhaps no row has.
    """

    endpoint: Endpoint | None = None
    primary_key: Text | list[Text] | None = None
    include_from_parent: list[Text] | None = None
    total: Path | None = None
    may_be_missing: bool | None = None
    optional: list[Text] | None = None

    @model_validator(mode="before")
    @classmethod
    def _check(cls, given: Any) -> Any:
        return _refuse(given, REFUSED)


class Resource(Defaults):
    """One list, or one list for each row of another; its rows become the table of its name."""

    name: Text
    expected_rows: Rows | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given


def dump_entries(entries: Strict) -> dict[str, Any]:
    """Return the entries that the file has, with the names of the file."""
    return entries.model_dump(exclude_unset=True, by_alias=True)
