"""The forms in which a tool can be read: one of each kind of declared system.

Each form declares the system, writes the tool's whole state, and can break what it wrote. A broken
form gives no state, so the last complete one stays published.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.sandbox.scim import TOKEN as SCIM_TOKEN
from tests.sandbox.scim import ScimServer
from tests.sandbox.server import Fault, Response, Server
from tests.support.c1z import C1zFile, encode_user
from tests.support.lists_api import TOKEN, ListsApi
from tests.support.worlds_declared import Tool

State = tuple[dict[str, str], set[str], dict[tuple[str, str], tuple[bool, bool]]]
SELECTS = '''
[mapping]
accounts = """
select key as account_id, name as display_name, case when active then 'enabled' else 'disabled' end
    as status from users
"""
entitlements = "select key as entitlement_id, title as display_name from roles"
grants = "select user_key as account_id, role_key as entitlement_id from held"
implications = """
select outer_key as entitlement_id, inner_key as implied_entitlement_id from includes
"""
'''


class Form:
    """One tool in one form, whose files are in a project directory."""

    role = "role:{}:assigned"
    nests = True
    shows_empty_roles = True
    breaks: tuple[str, ...] = ("gone",)

    def __init__(self, tool: Tool, home: Path) -> None:
        self.tool, self.home = tool, home

    def declare(self) -> str:
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        return {}

    def write(self) -> None:
        raise NotImplementedError

    def break_it(self, how: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Stop what was started."""

    def state(self) -> State:
        """Return the accounts with their status, the entitlements, and the grants."""
        name, tool = self.tool.name, self.tool

        def account(key: str) -> str:
            return f"{name}:user:{key}"

        def entitlement(key: str) -> str:
            return f"{name}:{self.role.format(key)}"

        inherited = tool.inherited() if self.nests else set()
        held = {role for _, role in tool.held}
        roles = tool.roles if self.shows_empty_roles else held
        return (
            {account(k): "enabled" if on else "disabled" for k, (_, on) in tool.users.items()},
            {entitlement(key) for key in roles},
            {
                (account(user), entitlement(role)): (
                    (user, role) in tool.held,
                    (user, role) in inherited,
                )
                for user, role in tool.held | inherited
            },
        )


class CsvFile(Form):
    nests, shows_empty_roles = False, False
    breaks = ("gone", "empty", "half", "other columns", "old")

    @property
    def path(self) -> Path:
        return self.home / f"{self.tool.name}.csv"

    def declare(self) -> str:
        return f"""
kind = "files"
path = "{self.path.name}"
max_age_hours = 26
columns = {{account = "Id", name = "Name", status = "State", role = "Role"}}
values.status = {{on = "enabled", off = "disabled"}}
"""

    def write(self) -> None:
        with self.path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter=";")
            rows.writerow(("Id", "Name", "State", "Role"))
            for key, (name, is_on) in self.tool.users.items():
                roles = sorted(role for user, role in self.tool.held if user == key)
                for role in roles or [""]:
                    rows.writerow((key, name, "on" if is_on else "off", role))

    def break_it(self, how: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        if how == "gone":
            self.path.unlink()
        elif how == "old":
            os.utime(self.path, (time.time() - 200_000,) * 2)
        else:
            half = text[: -len(text.splitlines()[-1]) + 1]  # ends in the first cells of a row
            broken = {"empty": "", "half": half, "other columns": text.replace("Role", "Roles", 1)}
            self.path.write_text(broken[how], encoding="utf-8")


class SqliteFile(Form):
    breaks = ("gone", "other columns")

    @property
    def path(self) -> Path:
        return self.home / f"{self.tool.name}.sqlite"

    def declare(self) -> str:
        tables = "".join(
            f'[tables.{name}]\nquery = "select * from {name}"\n'
            for name in ("users", "roles", "held", "includes")
        )
        return f'kind = "sql"\n{tables}{SELECTS}'

    def settings(self) -> dict[str, str]:
        return {f"SOURCES__{self.tool.name.upper()}__ADDRESS": f"sqlite:///{self.path}"}

    def write(self) -> None:
        self.path.unlink(missing_ok=True)
        tool = self.tool
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(
                "create table users (key text, name text, active boolean);"
                "create table roles (key text, title text);"
                "create table held (user_key text, role_key text);"
                "create table includes (outer_key text, inner_key text);"
            )
            users = [(key, name, is_on) for key, (name, is_on) in tool.users.items()]
            database.executemany("insert into users values (?, ?, ?)", users)
            database.executemany("insert into roles values (?, ?)", [*tool.roles.items()])
            database.executemany("insert into held values (?, ?)", sorted(tool.held))
            database.executemany("insert into includes values (?, ?)", sorted(tool.includes))
            database.commit()

    def break_it(self, how: str) -> None:
        change = {
            "gone": "drop table held",
            "other columns": "alter table roles rename column title to name",
        }
        with closing(sqlite3.connect(self.path)) as database:
            database.execute(change[how])
            database.commit()


def fail(status: int, body: object) -> Callable[..., Response]:
    return lambda request, honest: Response(status, body)


class Served(Form):
    """A form that a server on loopback answers."""

    breaks = ("refused", "no envelope")
    token = ""
    server: Server

    def settings(self) -> dict[str, str]:
        return {f"SOURCES__{self.tool.name.upper()}__TOKEN": self.token}

    def write(self) -> None:
        self.server.faults.clear()
        self.fill()

    def fill(self) -> None:
        raise NotImplementedError

    def break_it(self, how: str) -> None:
        answer = {"refused": fail(403, {"error": "no"}), "no envelope": fail(200, {"ok": True})}
        self.server.faults.append(Fault(lambda request: True, answer[how], times=1000, after=1))

    def close(self) -> None:
        self.server.close()


class RestApi(Served):
    token = TOKEN

    def __init__(self, tool: Tool, home: Path) -> None:
        super().__init__(tool, home)
        self.server = Server(ListsApi())

    def declare(self) -> str:
        resources = "".join(
            f'[[resources]]\nname = "{name}"\noptional = ["title", "user_key", "role_key",'
            ' "outer_key", "inner_key"]\n'
            for name in ("users", "roles", "held", "includes")
        )
        return f"""
kind = "rest"
requests_per_second = 1000

[client]
base_url = "{self.server.url}/api"
auth = "bearer"
paginator = {{type = "cursor", cursor_path = "meta.next", cursor_param = "cursor"}}

[resource_defaults]
endpoint = {{data_selector = "data"}}
total = "meta.total"

{resources}{SELECTS.replace("when active", "when active = 'true'")}"""

    def fill(self) -> None:
        tool = self.tool
        self.server.vendor.lists = {
            "/api/users": [
                {"key": key, "name": name, "active": is_on}
                for key, (name, is_on) in tool.users.items()
            ],
            "/api/roles": [{"key": key, "title": title} for key, title in tool.roles.items()],
            "/api/held": [{"user_key": user, "role_key": role} for user, role in sorted(tool.held)],
            "/api/includes": [
                {"outer_key": one, "inner_key": other} for one, other in sorted(tool.includes)
            ],
        }


class ScimApi(Served):
    role = "group:{}:member"
    token = SCIM_TOKEN

    def __init__(self, tool: Tool, home: Path) -> None:
        super().__init__(tool, home)
        self.server = Server(ScimServer())

    def declare(self) -> str:
        return (
            f'kind = "scim"\nbase_url = "{self.server.url}/scim/v2"\nrequests_per_second = 1000\n'
            "members_may_be_missing = true\n"
        )

    def fill(self) -> None:
        vendor: ScimServer = self.server.vendor
        vendor.resources = {"Users": {}, "Groups": {}}
        for key, (name, is_on) in self.tool.users.items():
            vendor.add_user(key, displayName=name, active=is_on)
        for key, title in self.tool.roles.items():
            vendor.add_group(key, displayName=title)
        for key in self.tool.roles:
            members = [user for user, role in sorted(self.tool.held) if role == key]
            inner = [one for one, other in sorted(self.tool.includes) if other == key]
            vendor.add_group(key, *members, *inner, displayName=self.tool.roles[key])


class ConnectorFile(Form):
    breaks = ("gone", "half", "unfinished")
    role = "role:{}:assigned"

    @property
    def path(self) -> Path:
        return self.home / f"{self.tool.name}.c1z"

    def declare(self) -> str:
        return f'kind = "baton"\npath = "{self.path.name}"\n'

    def write(self, ended_at: str | None = "now") -> None:
        file = C1zFile()
        for key, (name, is_on) in self.tool.users.items():
            mail = f"{key}@lanternfish.example"
            file.add(f"user:{key}", name, encode_user(mail, key, 1 if is_on else 2))
        for key, title in self.tool.roles.items():
            file.add(f"role:{key}", title)
            file.entitlements.append((f"role:{key}:assigned", title))
        for user, role in sorted(self.tool.held):
            file.grant(f"user:{user}", f"role:{role}:assigned")
        for one, other in sorted(self.tool.includes):
            file.grant(f"role:{one}", f"role:{other}:assigned", expands=[f"role:{one}:assigned"])
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 1))
        file.write(self.path, ended_at and now)

    def break_it(self, how: str) -> None:
        if how == "gone":
            self.path.unlink()
        elif how == "half":
            self.path.write_bytes(self.path.read_bytes()[:200])
        else:
            self.write(ended_at=None)


FORMS = {
    "csv": CsvFile,
    "sql": SqliteFile,
    "rest": RestApi,
    "scim": ScimApi,
    "baton": ConnectorFile,
}
