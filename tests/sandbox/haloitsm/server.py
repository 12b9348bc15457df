"""HaloITSM on loopback: agents, teams, roles, and the tickets that ask for changes.

Three tables say who may do what: agents, membership rows, and who holds which role. Tokens expire.
A scope that does not exist (`read:agents`) is refused. Unknown parameters are ignored, as older
builds ignore newer parameters.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.sandbox.haloitsm import agents
from tests.sandbox.haloitsm.rows import View
from tests.sandbox.haloitsm.switches import SCOPES, Refused, Switches, flag, number
from tests.sandbox.haloitsm.tickets import Desk
from tests.sandbox.pages import Pages
from tests.sandbox.server import Request, Response


class HaloITSM:
    """One instance. Its state is plain dicts by id.

    `memberships` are UnameSection rows: of an agent, or (with a `role_id` and no agent) a team that
    a role gives. A row with both is what a role left behind in the agent. `role_holders` are pairs
    of agent id and role GUID. With `keep_pages`, call `touch()` after editing state or switches by
    hand.
    """

    def __init__(
        self,
        client_id: str = "halo-client",
        client_secret: str = "halo-secret",
        tenant: str = "example",
        switches: Switches | None = None,
        acting_agent: int = 2,
        keep_pages: bool = False,
    ) -> None:
        self.client_id, self.client_secret, self.tenant = client_id, client_secret, tenant
        self.switches = switches or Switches()
        self.acting_agent = acting_agent  # the agent that the application acts as
        self.first_agent = acting_agent
        self.clients: dict[str, tuple[str, int]] = {}  # secret and agent of further applications
        self.pages = Pages(keep_pages)
        self.agents: dict[int, dict] = {}
        self.teams: dict[int, dict] = {}
        self.roles: dict[str, dict] = {}
        self.memberships: list[dict] = []
        self.role_holders: set[tuple[int, str]] = set()
        self.desk = Desk(self)
        self._tokens: dict[str, tuple[float, set[str], int]] = {}
        self._numbers = itertools.count(1)

    def view(self) -> View:
        """Return the index of memberships and roles."""
        return self.pages.get("view", lambda: View(self))

    def settings(self, url: str) -> dict[str, str]:
        return {"BASE_URL": url, "CLIENT_ID": self.client_id, "CLIENT_SECRET": self.client_secret}

    def write_settings(self) -> dict[str, str]:
        self.agents[3] = {**self.agents[2], "id": 3, "name": "Rollcall writer"}
        self.add_client("halo-writer", "halo-writer-secret", 3)
        self.touch()
        return {
            "CLIENT_ID": "halo-writer",
            "CLIENT_SECRET": "halo-writer-secret",
            "REQUESTS_PER_SECOND": "0",
            "TICKET_TYPE": "Access Request",
            "TICKET_STATUS": "New",
            "TICKET_PRIORITY": "Medium",
            "TICKET_CATEGORY": "Access>Removal",
            "TICKET_TEAM": self.teams[min(self.teams)]["name"],
            "TICKET_REQUESTER": "access-review@lanternfish.example",
        }

    def touch(self) -> None:
        """Clear the cache; call after editing state or switches by hand."""
        self.pages.changed()

    def add_client(self, client_id: str, client_secret: str, agent: int) -> None:
        """Add an API application, such as the one that opens tickets, with its agent."""
        self.clients[client_id] = (client_secret, agent)

    def expire_tokens(self) -> None:
        """Invalidate every token issued so far."""
        self._tokens.clear()

    # --- HTTP

    def handle(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refused as refusal:
            body, kind = refusal.body(self.switches.error_style)
            return Response(refusal.status, body, {"content-type": kind})

    def _answer(self, request: Request) -> Response:
        path = request.path.strip("/").lower()
        query = {name.lower(): value for name, value in request.query.items()}
        if path == "auth/token":
            return self._token(request, query)
        if path == "api/authinfo" and request.method == "GET":
            about = {"auth_url": f"{request.base_url}/auth", "tenant_id": self.tenant}
            return Response(200, about)
        scopes = self._scopes(request)
        match request.method, path.split("/"):
            case "GET", ["api", *parts]:
                return Response(200, self._get(parts, query, scopes))
            case "POST", ["api", name]:
                return self._post(name, request, query, scopes)
            case "DELETE", ["api", "agent", key]:
                self._need(scopes, "admin", self.switches.agent_writes_need_admin)
                return Response(200, agents.delete(self, self._agent(key)["id"]))
            case "DELETE", ["api", "tickets", key]:
                self._need(scopes, "edit:tickets")
                return Response(200, self.desk.delete(key))
        raise Refused(404, "Not Found")

    def _get(self, parts: list[str], query: dict[str, str], scopes: set[str]) -> Any:
        match parts:
            case ["agent"]:
                return self._agents(query)
            case ["agent", "me"]:
                return self._me(query)
            case ["agent", key]:
                agent = self._agent(key)
                return self.view().agent(agent, flag(query, "includedetails"))
            case ["team"]:
                return self._lookup(self._teams(query), query, "teams")
            case ["team", key]:
                team = self.teams.get(self._key(key))
                if team is None:
                    raise Refused(404, "Team not found.")
                return self.view().team_detail(team, flag(query, "includeagents"))
            case ["roles"]:
                self._need(scopes, "admin", self.switches.roles_need_admin)
                return self._lookup(self._roles(query), query, "roles")
            case ["roles", guid]:
                self._need(scopes, "admin", self.switches.roles_need_admin)
                if guid not in self.roles:
                    raise Refused(404, "Role not found.")
                return self.view().role(self.roles[guid], flag(query, "includedetails"))
            case ["tickets" | "actions", *_]:
                self._need(scopes, "read:tickets")
            case ["users" | "client" | "site", *_]:
                self._need(scopes, "read:customers")
        return self.desk.get(parts, query)

    def _post(
        self, name: str, request: Request, query: dict[str, str], scopes: set[str]
    ) -> Response:
        """Upsert one or many elements. Of many, only the last is answered unless `returnall`."""
        if name == "agent":
            self._need(scopes, "admin", self.switches.agent_writes_need_admin)
        elif name in ("tickets", "actions"):
            self._need(scopes, "edit:tickets")
        else:
            raise Refused(404, "Not Found")
        try:
            body = request.json
        except ValueError:
            raise Refused(400, "The body is not JSON.") from None
        elements = body if isinstance(body, list) else [body]
        if not elements or not all(isinstance(element, dict) for element in elements):
            raise Refused(400, "An array of objects is expected.")
        write: Callable[[dict], Any] = {
            "agent": lambda element: agents.upsert(self, element),
            "tickets": self.desk.upsert,
            "actions": self.desk.act,
        }[name]
        switches = self.switches
        written = [write(element) for element in elements]
        answer = written if flag(query, "returnall") else written[-1]
        if switches.one_in_a_list and not isinstance(answer, list):
            answer = [answer]
        return Response(self.switches.post_status, answer)

    # --- tokens and rights

    def _token(self, request: Request, query: dict[str, str]) -> Response:
        """Issue a token for OAuth client credentials. Only form-encoded requests are accepted."""
        switches = self.switches
        form = request.form
        tenant = query.get("tenant", form.get("tenant"))
        kind = request.headers.get("content-type", "")
        if request.method != "POST" or "application/x-www-form-urlencoded" not in kind:
            return self._denied("invalid_request", "A form was expected.")
        if tenant not in (self.tenant, None) or (tenant is None and switches.tenant_required):
            return self._denied("invalid_request", "Unknown tenant.")
        if form.get("grant_type") != "client_credentials":
            return self._denied("unsupported_grant_type", "Use client_credentials.")
        known = {self.client_id: (self.client_secret, self.first_agent)} | self.clients
        secret, agent = known.get(form.get("client_id", ""), (None, 0))
        if secret is None or form.get("client_secret") != secret:
            status = switches.invalid_client_status
            return self._denied("invalid_client", "The credentials are invalid.", status)
        scopes = set(form.get("scope", "").split())
        if unknown := scopes - SCOPES:
            return self._denied("invalid_scope", f"Unknown scope: {min(unknown)}")
        token = f"eyJ.sandbox.{next(self._numbers)}"
        self._tokens[token] = (time.monotonic() + switches.token_lifetime, scopes, agent)
        answer = {"access_token": token, "token_type": "Bearer"}
        if not switches.expires_in_missing:
            answer |= {"expires_in": int(switches.token_lifetime)}
        if switches.refresh_token:
            answer |= {"refresh_token": f"refresh.{token}"}
        return Response(200, answer | {"scope": " ".join(sorted(scopes))})

    @staticmethod
    def _denied(error: str, text: str, status: int = 400) -> Response:
        return Response(status, {"error": error, "error_description": text})

    def _scopes(self, request: Request) -> set[str]:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        until, scopes, agent = self._tokens.get(given, (0.0, set(), 0))
        if until <= time.monotonic():
            raise Refused(401, "Unauthorized")
        self.acting_agent = agent
        return scopes

    @staticmethod
    def _need(scopes: set[str], scope: str, really: bool = True) -> None:
        enough = {"all", scope, scope.replace("read:", "edit:")}
        if scope != "admin":
            enough.add("all:standard")
        if really and not scopes & enough:
            raise Refused(403, f"The scope {scope} is needed.")

    # --- agents, teams, roles

    @staticmethod
    def _key(text: str) -> int:
        return int(text) if text.isdecimal() else -1

    def _agent(self, key: str) -> dict:
        agent_id = self._key(key)
        if agent_id not in self.agents or agent_id in self.switches.restricted_agents:
            raise Refused(404, "Agent not found.")
        return self.agents[agent_id]

    def _me(self, query: dict[str, str]) -> dict[str, Any]:
        agent = {"id": self.acting_agent, "name": "Halo API", "isapiagent": True}
        agent = self.agents.get(self.acting_agent, agent)
        agent = agent | {"is_admin": self.switches.agent_is_admin}
        return self.view().agent(agent, flag(query, "includedetails"))

    def _agents(self, query: dict[str, str]) -> Any:
        """Answer the agents: a bare array, or one page if a newer build is asked for pages."""
        switches, new = self.switches, self.switches.build == "new"
        teams = switches.list_has_teams and (not new or flag(query, "include_membership_info"))
        roles = flag(query, "includeroles")
        page_keys = ("pageinate", "page_no", "page_size")
        filters = tuple(sorted((k, v) for k, v in query.items() if k not in page_keys))

        def rows() -> list[dict]:
            return agents.fitting(self, query)

        def answer() -> bytes:
            found = self.pages.get(("agents", filters), rows)
            view = self.view()

            def show(some: list[dict]) -> list[dict]:
                return [view.listed(agent, teams, roles) for agent in some]

            if new and flag(query, "pageinate"):
                body: Any = self.page(found, query, switches.agents_key, show)
                body = {key: body[key] for key in ("record_count", switches.agents_key)}
                body = body[switches.agents_key] if switches.bare_pages else body
            else:
                body = show(found[: number(query, "count") or None])
            return Response(200, body).encoded()

        return self.pages.get(("agents page", tuple(sorted(query.items()))), answer)

    def page(
        self, rows: list[dict], query: dict[str, str], key: str, show: Callable
    ) -> dict[str, Any]:
        """Return one page in its envelope. A limit above the cap is reduced without notice."""
        size = number(query, "page_size") or self.switches.page_default
        size = max(1, min(size, self.switches.page_cap))
        page_no = max(1, number(query, "page_no", 1))
        last = max(1, -(-len(rows) // size))
        if page_no > last and self.switches.past_the_end == "404":
            raise Refused(404, "Page not found.")
        if page_no > last and self.switches.past_the_end == "last":
            page_no = last
        shown = rows[(page_no - 1) * size : page_no * size]
        counted = shown if self.switches.record_count_of_page else rows
        return {
            "page_no": page_no,
            "page_size": size,
            "record_count": len(counted) + self.switches.record_count_wrong_by,
            key: show(shown),
        }

    def _lookup(self, rows: list[dict], query: dict[str, str], key: str) -> Any:
        """Return a bare array, or one page of it where the build pages every list."""
        switches = self.switches
        if not switches.lookups_paged:
            return rows
        body = self.page(rows, query, key, lambda some: some)
        return body[key] if switches.bare_pages else body

    def _teams(self, query: dict[str, str]) -> list[dict]:
        enabled = flag(query, "includeenabled", default=True)
        disabled = flag(query, "includedisabled")
        managers = flag(query, "include_managers")
        full = {name.strip() for name in query.get("includeagentsforteams", "").split(",")}
        own = flag(query, "memberonly") or flag(query, "myteamsonly")
        own |= self.switches.teams_need_showall and not flag(query, "showall")
        area = {"reqs": "forrequests", "opps": "foropps", "prjs": "forprojects"}
        needed = area.get(query.get("type", ""))
        department = number(query, "department_id")
        view = self.view()
        return [
            view.team(team, managers, team["name"] in full)
            for team in sorted(self.teams.values(), key=lambda team: team["id"])
            if (disabled if team.get("inactive") else enabled)
            and (not own or self.acting_agent in view.members[team["id"]])
            and (not needed or team.get(needed))
            and (not department or team.get("department_id") == department)
        ]

    def _roles(self, query: dict[str, str]) -> list[dict]:
        view = self.view()
        roles = sorted(self.roles.values(), key=lambda role: role["id_int"])
        if agent_id := number(query, "agentid"):
            roles = view.roles_of[agent_id]
        return [view.role(role, self.switches.roles_list_has_teams) for role in roles]
