"""A small PingOne environment, served on loopback, and an HTTP client for it.

The vendor's promises are tested here, without any company.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from tests.sandbox.pingone.server import PingOne, Switches
from tests.sandbox.server import Server

EMPLOYEES = "3f1d9c84-52b7-4c0e-8f7a-6b2e4d9a1c01"
CONTRACTORS = "91c2aa30-7d3f-4f4e-9c55-0f0a8b7c6d02"
MARA, TOBE, NORA = (f"7a5b0c1e-1f2d-4e3c-8b4a-5d6e7f80910{n}" for n in "123")
ALL, PAYMENTS, MANAGERS, PARTNERS = (f"10aa22bb-33cc-44dd-85ee-66ff7788010{n}" for n in "1234")
READER = "0bd9c966-7664-4ac1-b059-0ff9293908e2"


class Tenant:
    """A client of one served environment, with a clock that tests move by hand."""

    def __init__(self, **settings: Any) -> None:
        self.time, self.ticks = datetime(2026, 8, 20, 10, tzinfo=UTC), 0.0
        self.pingone = fill(
            PingOne(now=lambda: self.time, ticks=lambda: self.ticks, switches=Switches(**settings))
        )
        self.server = Server(self.pingone)
        self.root = f"{self.server.url}/v1/environments/{self.pingone.environment_id}"
        self.token_url = f"{self.server.url}/{self.pingone.environment_id}/as/token"
        self.http = requests.Session()

    def sign_in(self) -> Tenant:
        token = self.token().json()["access_token"]
        self.http.headers["authorization"] = f"Bearer {token}"
        return self

    def token(self, **form: str) -> requests.Response:
        auth = None if "client_id" in form else self.credentials
        grant = {"grant_type": "client_credentials"}
        return requests.post(self.token_url, data=grant | form, auth=auth)

    @property
    def credentials(self) -> tuple[str, str]:
        return self.pingone.client_id, self.pingone.client_secret

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        return self.http.request(method, f"{self.root}/{path}", **more)

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all rows of a list by following its `next` links."""
        found: list[dict[str, Any]] = []
        url = requests.Request("GET", f"{self.root}/{path}", params=query)
        link: str | None = url.prepare().url
        while link:
            answer = self.http.get(link)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            [rows] = page["_embedded"].values()
            assert page["size"] == len(rows)
            found += rows
            link = page["_links"].get("next", {}).get("href")
        return found

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.rows(path, **query)]

    def types(self, path: str, **query: Any) -> dict[str, str | None]:
        return {row["id"]: row.get("type") for row in self.rows(path, **query)}


def fill(pingone: PingOne) -> PingOne:
    """Add Mara and Nora, who work here, and Tobe of a partner. Payments is inside Finance."""
    for population_id, name in ((EMPLOYEES, "Employees"), (CONTRACTORS, "Contractors")):
        pingone.populations[population_id] = {"id": population_id, "name": name}
    pingone.populations[EMPLOYEES]["default"] = True
    for user_id, name, home in (
        (MARA, "mara", EMPLOYEES),
        (TOBE, "tobe", CONTRACTORS),
        (NORA, "nora", EMPLOYEES),
    ):
        pingone.users[user_id] = {
            "id": user_id,
            "username": name,
            "email": f"{name}@example.com",
            "population": {"id": home},
            "title": "Manager" if name == "mara" else None,
            "name": {"given": name.title(), "middle": None},
        }
    for group_id, name, more in (
        (ALL, "Finance - all", {}),
        (PAYMENTS, "Finance - payments", {"population": {"id": EMPLOYEES}}),
        (MANAGERS, "Managers", {"userFilter": 'title eq "manager"'}),
        (PARTNERS, "Partners", {"sourceType": "GATEWAY"}),
    ):
        pingone.groups[group_id] = {"id": group_id, "name": name, **more}
    pingone.nestings |= {(PAYMENTS, ALL), (ALL, PAYMENTS)}  # a circle
    pingone.members |= {(MARA, PAYMENTS), (NORA, ALL)}
    pingone.external_members.add((TOBE, PARTNERS))
    pingone.roles[READER] = {"id": READER, "name": "Identity Data Admin"}
    pingone.touch()
    return pingone


def refusal(answer: requests.Response) -> tuple[Any, ...]:
    """Return the status, the code, and code and target of the first detail."""
    body = answer.json()
    detail = (body.get("details") or [{}])[0]
    return answer.status_code, body["code"], detail.get("code"), detail.get("target")
