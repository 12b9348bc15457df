"""Changes memberships, admin roles, applications, accounts and groups in Okta, where it creates
accounts and groups, and deletes accounts, too.

What users hold is changed only where they hold it directly. An account is suspended rather than
deactivated, unless a setting says otherwise: to deactivate takes its applications away for good.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from pipelines.failures import Failure, Rejected, Unknown, Unreadable, Unsent
from pipelines.files.json_text import to_text_id
from pipelines.http.policy import NEXT_SYNC, Counters, Policy, origin_of
from pipelines.http.session import Session
from pipelines.http.write_once import send_once
from pipelines.sources.okta import CREDENTIALS as SOURCE_CREDENTIALS
from pipelines.sources.okta import WAITING_BUDGET
from pipelines.sources.okta.choices import Choices, WriteChoices, parse_domain, read_disable_by
from pipelines.sources.okta.client import Connection, Okta
from pipelines.sources.okta.credential import Credential
from pipelines.sources.okta.live.accounts import IN_TRANSITION
from pipelines.sources.okta.live.state import LiveState
from pipelines.sources.okta.translation import (
    INVALID,
    build_call,
    explain_rejection,
    is_about,
    read_error_code,
)
from pipelines.sources.writer import Change, Receipt, Seen, wait_until_settled

CREDENTIALS = SOURCE_CREDENTIALS
SCOPES = ("okta.users.manage", "okta.groups.manage")  # each lets read, too
HEADERS = {"Content-Type": "application/json"}  # on every request ("Core Okta API")
CHANGED_MEANWHILE = 412  # the version in If-Match is not that of now


def tenant(domain: str) -> str:
    """Return the address of the org, which a plan is made for."""
    return origin_of(parse_domain(domain))


def final_changes(disable_by: str = "suspend") -> Callable[[Change], bool]:
    """Return a test for changes that no call undoes: Okta gives neither the applications of a
    deactivated account back, nor an application that was unassigned."""
    deactivates = read_disable_by(disable_by) == "deactivate"

    def is_final(change: Change) -> bool:
        is_disabling = change.action == "disable_account"
        return is_about("application", change) or (is_disabling and deactivates)

    return is_final


def connect(
    *,
    domain: str,
    api_token: str | None = None,
    client_id: str | None = None,
    private_key: str | None = None,
    key_id: str | None = None,
    requests_per_second: float = 5.0,
    sync_api_token: str | None = None,
    sync_client_id: str | None = None,
    disable_by: str = "suspend",
    allow_delete: bool = False,
    rule_exclusions: bool = False,
    unassign_apps: bool = False,
    settle_seconds: float = 10.0,
) -> Provisioner:
    """Return the writer of one org; no request is sent yet.

    `disable_by` is `suspend`, `deactivate` or `suspend_else_deactivate`. `allow_delete` permits
    deleting accounts that are disabled, `rule_exclusions` removing members that a rule gives, and
    `unassign_apps` taking applications away. `settle_seconds` is how long a read may still show the
    old state. The sync's credential, if this host has it, only tells who its owner is.
    """
    choices = WriteChoices(
        disable_by=read_disable_by(disable_by),
        allow_delete=allow_delete,
        rule_exclusions=rule_exclusions,
        unassign_apps=unassign_apps,
    )
    base_url, counters = parse_domain(domain), Counters()
    policy = Policy(requests_per_second=requests_per_second, concurrency=1, budget=WAITING_BUDGET)

    def open_org(credential: Credential) -> Okta:
        session = Session("okta", base_url, policy, counters, address_setting="domain")
        signer = credential.make_signer(session, base_url, SCOPES, choices.optional_scopes)
        connection = Connection(base_url=base_url, signer=signer, policy=policy, counters=counters)
        return Okta(connection, Choices())

    writer = open_org(
        Credential(
            section="PROVISION",
            api_token=api_token,
            client_id=client_id,
            private_key=private_key,
            key_id=key_id,
        )
    )
    by_token = [writer] if api_token else []
    if sync_api_token:
        by_token.append(open_org(Credential(api_token=sync_api_token)))
    clients = [key.strip() for key in (client_id, sync_client_id) if key]
    return Provisioner(writer, by_token, clients, choices, settle_seconds)


class Provisioner:
    """One org, called with the write credential.

    `by_token` are the connections that sign in with an API token. The users who own these tokens
    are Rollcall's own accounts, and so are the service apps `clients`.
    """

    def __init__(
        self,
        okta: Okta,
        by_token: list[Okta],
        clients: list[str],
        choices: WriteChoices,
        settle: float,
    ) -> None:
        self.okta, self.api, self.choices, self.settle = okta, okta.api, choices, settle
        self.by_token, self.clients = by_token, clients
        self.live = LiveState(okta, choices)

    def own_accounts(self) -> set[str]:
        """Return the users whose API tokens read and write, and the service apps that do. Raises
        Denied or Unreadable."""
        return {f"okta:user:{one}" for one in self.own_users} | {
            f"okta:client:{one}" for one in self.clients
        }

    @cached_property
    def own_users(self) -> list[str]:
        found = [to_text_id(okta.api.get_object("users/me").get("id")) for okta in self.by_token]
        if None in found:
            raise Unreadable("okta: users/me", "the answer has no id", NEXT_SYNC)
        return [str(one) for one in found]

    # ---- looking

    def begin(self, changes: list[Change]) -> None:
        self.live.ahead.begin(changes)
        self.live.groups.begin(changes)

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        def is_unsettled(seen: Seen) -> bool:
            # If an account still has to be deleted, the call that deactivates it has arrived.
            return seen.state == "pending" and seen.step != "delete"

        def is_in_transition(seen: Seen) -> bool:
            return seen.step == IN_TRANSITION

        def see() -> Seen:
            return self.live.see(change, after_call=asked_at is not None)

        seen = wait_until_settled(see, asked_at, self.settle, is_unsettled)
        if is_in_transition(seen):
            now = datetime.now(UTC)
            seen = wait_until_settled(see, now, self.settle, is_in_transition)
        if is_in_transition(seen):
            next = "run the same command again in some minutes"
            raise Unreadable(f"okta: {change.account_id}", seen.why, next)
        return seen

    # ---- acting

    def act(self, change: Change, seen: Seen) -> Receipt:
        call = build_call(change, seen, self.api.base_url)
        url = f"{self.api.base_url}/{call.path}"
        headers = HEADERS | call.headers
        try:
            answer = send_once(self.api.session, call.method, url, call.body, headers=headers)
        except Unknown as unknown:
            if not call.is_private:
                raise
            raise Unknown(
                unknown.what, "its answer is unclear", NEXT_SYNC, unknown.status
            ) from None
        except Rejected as refused:
            explained = explain_rejection(refused, call, seen.step)
            if refused.status == CHANGED_MEANWHILE and call.headers:
                raise Unsent(refused.what, explained.why, refused.next, refused.status) from None
            return self.look_after_rejection(change, seen, explained)
        facts = {"status": answer.status_code}
        if request_id := answer.headers.get("x-okta-request-id"):
            facts["request_id"] = request_id
        # Only of these answers the id is read: an activation answers with a token
        has_id = seen.step in ("create", "create_group", "assign")
        created = answer.json() if has_id else None
        native_id = to_text_id(created.get("id")) if isinstance(created, dict) else None
        if native_id and seen.step == "create_group":
            self.live.groups.made[change.change_id] = native_id
        return Receipt(native_id, facts=facts)

    def look_after_rejection(self, change: Change, seen: Seen, refused: Rejected) -> Receipt:
        """Return a receipt if the change is in place although Okta refused it. Raises Rejected."""
        may_deactivate = self.choices.disable_by == "suspend_else_deactivate"
        is_not_possible = read_error_code(refused.body) == INVALID
        if seen.step == "suspend" and may_deactivate and is_not_possible:
            self.live.accounts.not_suspendable.add(change.account_id)
        try:
            now = self.live.see(change, after_call=True)
        except Failure:
            raise refused from None
        if now.state not in ("done", "absent"):
            raise refused
        return Receipt(facts=now.facts | {"refused": refused.why})
