"""Open the place where files lie: a folder, an object store, or an SFTP server.

fsspec reads all of them. A package that only one of them needs is an extra of Rollcall.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import fsspec

from pipelines.failures import (
    DISK_ERRORS,
    Denied,
    Failure,
    Misconfigured,
    Unreadable,
    install_extra,
)
from pipelines.redact import redact_text
from pipelines.sources.declared.files.entries import AZ, FILE, GS, S3, SFTP, StoreEntries

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PACKAGES = {S3: "s3fs", GS: "gcsfs", AZ: "adlfs", SFTP: "paramiko"}
SECRETS = {
    S3: {"access_key_id": "the id of an access key", "secret_access_key": "its secret"},
    GS: {"service_account": "the JSON of a service account's key"},
    AZ: {"sas_token": "a shared access signature that may read and list the container"},
    SFTP: {"password": "the password of the user"},
}
# What the libraries raise for a refused credential, with all that is made of these classes
DENIALS = {
    "PermissionError",
    *("AuthenticationException", "ClientAuthenticationError"),
    *("NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "RefreshError"),
}
DENIED_STATUSES = ("401", "403")
SECONDS = 60  # without a byte
MAX_ATTEMPTS = 5

Options = dict[str, Any]
FRESH: Options = {"use_listings_cache": False}  # files are listed again after they were copied


def list_secrets(entries: StoreEntries, schemes: set[str]) -> dict[str, str]:
    """Return the secrets that these stores need, each with what it is."""
    found = {}
    for scheme in schemes - {FILE}:
        if not (entries.key_file if scheme == SFTP else entries.identity):
            found |= SECRETS[scheme]
    return found


def open_store(
    place: str, entries: StoreEntries, secrets: dict[str, str], address: str, scheme: str
) -> AbstractFileSystem:
    """Return the file system of an address. Raises Misconfigured for a package that is missing."""
    package = PACKAGES.get(scheme)
    if package and not find_spec(package):
        why = f"{scheme}:// needs the package {package}, which is not installed"
        raise Misconfigured(place, why, install_extra(scheme))
    if package:  # it would print a traceback of what is told in one sentence
        logging.getLogger(package).setLevel(logging.CRITICAL)
    options = OPTIONS[scheme](entries, secrets, address)
    return fsspec.filesystem(scheme, skip_instance_cache=True, **options)


def _choose_nothing(entries: StoreEntries, secrets: dict[str, str], address: str) -> Options:
    return FRESH


def _choose_s3(entries: StoreEntries, secrets: dict[str, str], address: str) -> Options:
    options = FRESH | {
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": SECONDS,
            "retries": {"max_attempts": MAX_ATTEMPTS, "mode": "standard"},
            # stores that are not Amazon's do not know the newer checksums
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
        "client_kwargs": {"region_name": entries.region} if entries.region else {},
        "endpoint_url": entries.endpoint_url,
    }
    if "access_key_id" in secrets:
        options |= {"key": secrets["access_key_id"], "secret": secrets["secret_access_key"]}
    return options


def _choose_gs(entries: StoreEntries, secrets: dict[str, str], address: str) -> Options:
    token: Any = "google_default"
    if "service_account" in secrets:
        try:
            token = json.loads(secrets["service_account"])
        except ValueError:
            next = "set the secret to the whole JSON file of the key"
            raise Misconfigured("service_account", "it is not JSON", next) from None
    return FRESH | {"token": token, "endpoint_url": entries.endpoint_url, "access": "read_only"}


def _choose_az(entries: StoreEntries, secrets: dict[str, str], address: str) -> Options:
    options = FRESH | {"account_name": entries.account_name, "anon": False}
    options |= {"connection_timeout": 10, "read_timeout": SECONDS}
    return options | {name: secrets[name] for name in ("sas_token",) if name in secrets}


def _choose_sftp(entries: StoreEntries, secrets: dict[str, str], address: str) -> Options:
    server = urlsplit(address)
    return {
        "host": server.hostname,
        "port": server.port or 22,
        "username": server.username,
        "password": secrets.get("password"),
        "key_filename": str(Path(entries.key_file).expanduser()) if entries.key_file else None,
        "host_key_policy": _trust_only(str(entries.host_key)),
        "allow_agent": False,
        "look_for_keys": False,
        "timeout": 10,
        "banner_timeout": SECONDS,
        "auth_timeout": SECONDS,
        "channel_timeout": SECONDS,
    }


def _trust_only(fingerprint: str) -> Any:
    """Return a policy of paramiko that accepts the server with this key, and no other server."""
    import paramiko

    class OneKey(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            if key.fingerprint.rstrip("=") != fingerprint.rstrip("="):
                raise Denied(
                    f"sftp://{hostname}",
                    f"the server shows another key, {key.fingerprint}",
                    "ask who runs the server which key is right, and correct host_key",
                )

    return OneKey()


OPTIONS: dict[str, Callable[[StoreEntries, dict[str, str], str], Options]] = {
    FILE: _choose_nothing,
    S3: _choose_s3,
    GS: _choose_gs,
    AZ: _choose_az,
    SFTP: _choose_sftp,
}


@contextmanager
def name_failures(what: str) -> Iterator[None]:
    """Raise Denied or Unreadable where a store does not list or give a file.

    Each library has exceptions of its own, so any exception counts, except a file that is gone and
    a disk that is full here.
    """
    try:
        yield
    except (Failure, FileNotFoundError):
        raise
    except Exception as error:
        if getattr(error, "errno", None) in DISK_ERRORS:
            raise
        why = redact_text(f"{type(error).__name__}: {error}".lower().removesuffix(": "))
        if _is_denial(error):
            next = "give the credential the right to list and read there"
            raise Denied(what, why, next) from None
        raise Unreadable(
            what, why, "run `rollcall check`, and see whether the place is there"
        ) from None


def _is_denial(error: Exception) -> bool:
    status = str(getattr(error, "status_code", None) or getattr(error, "code", None))
    return status in DENIED_STATUSES or any(
        kind.__name__ in DENIALS for kind in type(error).__mro__
    )
