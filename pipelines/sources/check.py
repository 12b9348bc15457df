"""Credentials, rights, and what each tenant's build supports. Writes nothing."""

from __future__ import annotations

import importlib
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.failures import Failure, explain
from pipelines.http.policy import Counters
from pipelines.sources import registry, write_access
from pipelines.sources.probe import Doubtful, Probe


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


def check_sources(names: list[str]) -> Iterator[Finding]:
    """Try every endpoint that a sync of these sources uses, look at the secrets' file, and say what
    a write credential may do, without doing it. Raises Misconfigured."""
    chosen = registry.choose_sources(names)
    yield from _secrets_file(Path(".dlt/secrets.toml"))
    for source in chosen:
        tally = Counters()
        registry.connect_source(source, tally)
        module = importlib.import_module(f"pipelines.sources.{source}.check")
        yield from _tried(source, module.probes(tally.client))
        if source in write_access.writable_sources() and write_access.has_write_credential(source):
            yield from _tried(source, module.write_probes(write_access.connect_writer(source)))


def _tried(source: str, probes: Iterator[Probe]) -> Iterator[Finding]:
    for probe in probes:
        try:
            yield Finding(source, probe.what, "ok", probe.call())
        except Doubtful as warning:
            yield Finding(source, probe.what, "warn", str(warning), warning.next)
        except Exception as error:
            failure = explain(error) or Failure("unexpected", str(error))
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
