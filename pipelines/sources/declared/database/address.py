"""The address of a database, as SQLAlchemy writes it: what identifies the database, and its secret.

An address is a secret as a whole, because it holds the password. No message repeats it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.failures import Misconfigured, install_extra
from pipelines.redact import hide

if TYPE_CHECKING:
    from sqlalchemy import URL

EXAMPLE = "postgresql://NAME:PASSWORD@HOST:5432/DATABASE"
# Dialects that have one usual port: an address with it and one without are the same database
PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
DRIVERS = {"postgresql": "postgresql+psycopg"}  # what the extra installs
PASSWORDS = ("password", "passwd", "pwd")  # names of a password behind the question mark


def import_sqlalchemy(what: str) -> Any:
    """Return the package SQLAlchemy. Raises Misconfigured if it is not installed."""
    try:
        return import_module("sqlalchemy")
    except ModuleNotFoundError:
        why = "it needs SQLAlchemy, which is not installed"
        raise Misconfigured(what, why, install_extra("sql")) from None


def parse_address(what: str, address: str) -> URL:
    """Return the address in its parts, and hide its password from now on.

    Raises Misconfigured for a text that is no address, or for an address without a database.
    """
    sqlalchemy = import_sqlalchemy(what)
    why = ""
    try:
        url = sqlalchemy.make_url(address)
        written = urlsplit(address).password
    except (sqlalchemy.exc.ArgumentError, ValueError):
        why = "its setting `address` is no address of a database"
    if why:
        raise Misconfigured(what, why, f"set it to {EXAMPLE}")
    hidden = [url.password, written, *(url.query.get(name) for name in PASSWORDS)]
    hide(*(text for text in hidden if isinstance(text, str)))
    if not url.database or url.database == ":memory:":
        why = "its setting `address` names no database"
        raise Misconfigured(what, why, f"end it with /DATABASE, as in {EXAMPLE}")
    if url.drivername in DRIVERS:
        url = url.set(drivername=DRIVERS[url.drivername])
    return url


def describe_address(url: URL) -> str:
    """Return which database an address leads to, without the user and the password."""
    dialect = url.get_backend_name()
    host = url.host or url.query.get("host") or ""
    hosts = host if isinstance(host, str) else ",".join(host)
    port = url.port or url.query.get("port") or PORTS.get(dialect)
    place = f"{hosts.lower()}:{port}" if hosts and port else hosts.lower()
    # Not spelt as an address: one without a password would be hidden as the secret that it is
    return f"{dialect} {place}/{url.database}" if place else f"{dialect} {url.database}"
