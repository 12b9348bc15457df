"""A small Okta org that can be written to, and changes of a plan for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pipelines.http.policy import Policy
from pipelines.sources import write_access
from pipelines.sources.okta.writer import Provisioner
from pipelines.sources.writer import Change
from pipelines.write_back import apply
from pipelines.write_back.apply import Progress
from pipelines.write_back.journal import Journal
from pipelines.write_back.plan import Plan
from tests.sandbox.okta.server import Okta, Switches
from tests.sandbox.server import Request, Server
from tests.support.okta_tenant import MARA, NORA, SERVICE, fill, key

VPN = "00gTenantGroup0000005"  # gives no role, unlike Finance
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Org:
    """One served org, and the writer that its settings lead to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.okta = fill(Okta(switches=Switches()))
        self.okta.groups[VPN] = {"id": VPN, "profile": {"name": "VPN"}}
        self.okta.members.add((MARA, VPN))
        self.okta.touch()
        self.server, self.patch = Server(self.okta), patch
        for section, settings in (
            ("SOURCES", self.okta.settings(self.server.url) | {"REQUESTS_PER_SECOND": "0"}),
            ("PROVISION", self.okta.write_settings() | {"SETTLE_SECONDS": "2"}),
        ):
            for name, value in settings.items():
                patch.setenv(f"{section}__OKTA__{name}", value)
        hasty = functools.partial(Policy, wait=0.002, longest_wait=0.02, read_timeout=0.4)
        patch.setattr("pipelines.sources.okta.writer.Policy", hasty)

    def writer(self, **settings: str) -> Provisioner:
        """Return the writer, with these settings from now on."""
        for name, value in settings.items():
            self.patch.setenv(f"PROVISION__OKTA__{name}".upper(), value)
        return write_access.connect_writer("okta")

    def sign_in_as_app(self, *scopes: str, dpop: bool = True) -> None:
        """Let a service app with these scopes write from now on."""
        public = key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.okta.add_client(SERVICE, {"k1": public.decode()}, scopes, dpop=dpop)
        private = key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.patch.delenv("PROVISION__OKTA__API_TOKEN")
        for name, value in (
            ("CLIENT_ID", SERVICE),
            ("PRIVATE_KEY", private.decode()),
            ("KEY_ID", "k1"),
        ):
            self.patch.setenv(f"PROVISION__OKTA__{name}", value)

    def writes(self) -> list[tuple[str, str]]:
        return [
            (method, path.removeprefix("/api/v1/"))
            for method, path, *_ in self.server.log
            if method in WRITES
        ]

    def bodies(self) -> list[Any]:
        """Return the body of every write, in order; None where it has none."""
        return [
            request.json if request.body else None
            for request in self.server.seen
            if request.method in WRITES
        ]


def is_write(request: Request) -> bool:
    return request.method in WRITES


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    made = Org(monkeypatch)
    with made.server:
        yield made


def change(action: str, user: str = NORA, **more: str | None) -> Change:
    """Return a change of a plan; `group`, `role`, `application` and `scope` have Okta's ids."""
    fields = dict.fromkeys(Change.__dataclass_fields__)
    for kind, slug in (("group", "member"), ("role", "assigned"), ("application", "assigned")):
        if key := more.pop(kind, None):
            fields["entitlement_id"] = f"okta:{kind}:{key}:{slug}"
    if scope := more.pop("scope", None):
        fields["scope_type"], key = scope.split(":")
        fields["scope_id"] = f"okta:{fields['scope_type']}:{key}"
    said = {"change_id": "c1", "action": action, "channel": "api", "source_name": "okta"}
    said |= {"through": "okta", "reason_kind": "decision", "reason_id": "q4/1"}
    return Change(**fields | said | {"account_id": f"okta:user:{user}"} | more)


def new_account(**wanted: object) -> Change:
    asked = {"username": "kim@example.com", "email": "kim@example.com", "given_name": "Kim"}
    asked |= {"family_name": "Lee", "employee_number": "E-77", "is_enabled": True}
    made = change("create_account", wanted_state=json.dumps(asked | wanted))
    return Change(**made.item() | {"account_id": None})


def update(before: dict[str, Any], after: dict[str, Any], user: str = MARA, **more: str) -> Change:
    """Return a change of a push that gives a user's attributes other values."""
    expected, wanted = (json.dumps({"profile": profile}) for profile in (before, after))
    return pushed("update_account", user, expected_state=expected, wanted_state=wanted, **more)


def pushed(action: str, user: str = MARA, **more: str | None) -> Change:
    return change(action, user, reason_kind="push", reason_id="okta/fields", **more)


def activation(source: str, mail: bool, user: str) -> Change:
    wanted = {"status": "enabled", "source_status": source, "sends_mail": mail}
    return pushed("enable_account", user, wanted_state=json.dumps(wanted))


def new_group(name: str = "Finance team", rule: str = "finance", **wanted: str) -> Change:
    """Return a change of a push that makes the group of a rule."""
    asked = {"name": name, "description": f"Those of Finance [rollcall:{rule}]"} | wanted
    made = pushed("create_group", wanted_state=json.dumps(asked), resource_name=name)
    return Change(**made.item() | {"account_id": None})


def renamed(group: str, before: dict[str, str], after: dict[str, str]) -> Change:
    """Return a change of a push that gives a group another name and description."""
    expected, wanted = json.dumps(before), json.dumps(after)
    made = pushed("rename_group", group=group, expected_state=expected, wanted_state=wanted)
    return Change(**made.item() | {"account_id": None})


def numbered(number: int, wanted: Change) -> Change:
    return Change(**wanted.item() | {"change_id": f"c{number}"})


def carry_out(org: Org, folder: Path, *changes: Change) -> tuple[Progress, Path]:
    """Apply a plan of these changes with a new writer. Return how far that came, and the folder's
    journal; a second call goes on where the first ended."""
    snapshot = {"data_as_of": "2026-08-20T10:00:00+00:00"}
    document = {"made_at": "2026-08-20T10:00:00+00:00", "made_by": "kim", "snapshot": snapshot}
    document |= {"items": [one.item() for one in changes], "digest": "a" * 64}
    journal = Journal(folder, Plan(document), "kim")
    progress = apply.apply_plan(
        journal.plan, journal, {"okta": write_access.connect_writer("okta")}, lambda *_: None
    )
    return progress, journal.path
