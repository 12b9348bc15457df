"""Check credentials, rights, and what each tenant's build supports. Nothing is written anywhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines import secret_files, settings
from pipelines.failures import Failure, explain
from pipelines.http.policy import Counters
from pipelines.sources import find_offer, load_function, registry, write_access
from pipelines.sources.asked import Asked
from pipelines.sources.probe import Probe, ProbeWarning


@dataclass(frozen=True)
class Finding:
    """The result of one probe: `ok`, `warn` or `fail`, and what to do about it."""

    source: str
    what: str
    verdict: str
    why: str
    next: str = ""
    code: int = 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


def check_sources(names: list[str], asked: Asked | None = None) -> Iterator[Finding]:
    """Run every probe of these sources, and check who can read the files with secrets.

    `asked` is what push rules want to know. Write credentials are checked without writing. Raises
    Misconfigured.
    """
    chosen = registry.choose_sources(names)
    yield from _check_secrets_file(Path(".dlt/secrets.toml"), 0o077)
    for variable in secret_files.find_file_variables(settings.SECTIONS):
        # Kubernetes gives a secret to the group of the user who runs the container.
        yield from _check_secrets_file(Path(os.environ[variable]).expanduser(), 0o007)
    for source in chosen:
        client = registry.connect_client(source, Counters(), asked)
        yield from _run_probes(source, load_function(source, "probes", "check")(client))
        is_target = asked is not None and source in asked.attributes
        push_probes = find_offer(source, "push_probes", "check") if is_target else None
        if source in write_access.writable_sources() and write_access.has_write_credential(source):
            probes = load_function(source, "write_probes", "check")
            writer = write_access.connect_writer(source)
            yield from _run_probes(source, probes(writer))
            yield from _run_probes(source, push_probes(writer) if push_probes else iter(()))
        elif push_probes:
            why = "a push needs a write credential, and none is set"
            next = "set one (docs/write-back.md says with which rights)"
            yield Finding(source, "push: rights", "warn", why, next)


def _run_probes(source: str, probes: Iterator[Probe]) -> Iterator[Finding]:
    for probe in probes:
        try:
            yield Finding(source, probe.what, "ok", probe.call())
        except ProbeWarning as warning:
            yield Finding(source, probe.what, "warn", str(warning), warning.next)
        except Exception as error:
            failure = explain(error) or Failure("unexpected", str(error))
            why = f"{failure.what}: {failure.why}"
            yield Finding(source, probe.what, "fail", why, failure.next, failure.code)
            if failure.status == 401 or failure.status is None:
                break  # every other probe would fail for the same reason


def _check_secrets_file(path: Path, forbidden: int) -> Iterator[Finding]:
    """Yield one finding: whether other users of this machine can read the file, if it exists.

    `forbidden` has the bits of the mode that let them.
    """
    if not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & forbidden:
        why = f"its mode is {mode:04o}: other users of this machine can read the credentials"
        yield Finding("settings", str(path), "warn", why, f"chmod {mode & ~forbidden:o} {path}")
    else:
        yield Finding("settings", str(path), "ok", f"its mode is {mode:04o}")
