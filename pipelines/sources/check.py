"""Credentials, rights, and what each tenant's build supports. Writes nothing."""

from __future__ import annotations

import importlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.failures import Failure, explained
from pipelines.http.session import Tally
from pipelines.sources import write_access


@dataclass(frozen=True)
class Probe:
    """One thing to try, and the call that tries it: it says what it saw, or raises."""

    what: str
    call: Callable[[], str]


class Warning_(Exception):
    """Readable, and not as it should be."""

    def __init__(self, why: str, next: str) -> None:
        super().__init__(why)
        self.next = next


@dataclass(frozen=True)
class Finding:
    """What one probe found: `ok`, `warn` or `fail`, and what to do about it."""

    source: str
    what: str
    verdict: str
    why: str
    next: str = ""
    code: int = 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


def check(names: list[str]) -> Iterator[Finding]:
    """Try every endpoint that a sync of these sources uses, look at the secrets' file, and say what
    a write credential may do, without doing it. Raises Misconfigured."""
    chosen = settings.chosen(names)
    yield from _secrets_file(Path(".dlt/secrets.toml"))
    for source in chosen:
        tally = Tally()
        settings.connect(source, tally)
        module = importlib.import_module(f"pipelines.sources.{source}.check")
        yield from _tried(source, module.probes(tally.client))
        if source in write_access.sources() and write_access.is_configured(source):
            yield from _tried(source, module.write_probes(write_access.connect(source)))


def _tried(source: str, probes: Iterator[Probe]) -> Iterator[Finding]:
    for probe in probes:
        try:
            yield Finding(source, probe.what, "ok", probe.call())
        except Warning_ as warning:
            yield Finding(source, probe.what, "warn", str(warning), warning.next)
        except Exception as error:
            failure = explained(error) or Failure("unexpected", str(error))
            why = f"{failure.what}: {failure.why}"
            yield Finding(source, probe.what, "fail", why, failure.next, failure.code)
            if failure.status == 401 or failure.status is None:
                break  # the other probes would say the same


def _secrets_file(path: Path) -> Iterator[Finding]:
    """Whether others on this machine can read the credentials; nothing where there is no file."""
    if not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        why = f"its mode is {mode:04o}: others on this machine can get at the credentials"
        yield Finding("settings", str(path), "warn", why, f"chmod 600 {path}")
    else:
        yield Finding("settings", str(path), "ok", f"its mode is {mode:04o}")
