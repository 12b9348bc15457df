"""Reads single objects with the write credential, and tells when "not found" can be believed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from pipelines.failures import Unreadable
from pipelines.sources.okta.client import Okta, says_not_found
from pipelines.sources.okta.translation import USERS_RIGHT
from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import name_missing_right

A = TypeVar("A")


def find(read: Callable[[], A]) -> A | None:
    """Return what `read` gives; None if Okta itself says that it does not exist."""
    try:
        return read()
    except Unreadable as failure:
        if not says_not_found(failure):
            raise
        return None


class View:
    """What the write credential sees of one org."""

    def __init__(self, okta: Okta) -> None:
        self.okta = okta

    def find_object(self, path: str, right: str, **params: Any) -> Row | None:
        return find(lambda: self.okta.api.get_object(path, right, **params))

    def find_user(self, key: str) -> tuple[Row, str] | None:
        """Return a user and its version, which is empty if Okta does not say it ("Users", ETag)."""

        def read() -> tuple[Row, str]:
            path = f"users/{key}"
            with name_missing_right(USERS_RIGHT):
                answer = self.okta.api.rest.get(path)
            body = answer.json()
            if not isinstance(body, dict):
                raise self.okta.api.unexpected_body(path, body, "an object")
            return body, answer.headers.get("ETag", "")

        return find(read)

    def check_users_are_visible(self) -> None:
        """Raise Unreadable if no user can be seen, because then a 404 proves nothing."""
        if not self.has_visible_users:
            why = "no user can be seen"
            raise Unreadable("okta: users", why, "check the admin role of the write credential")

    @cached_property
    def has_visible_users(self) -> bool:
        rows, _ = next(self.okta.pages("users", right=USERS_RIGHT, limit=1))
        return bool(rows)
