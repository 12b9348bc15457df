"""Check credentials, rights, and what each tenant's build supports. Nothing is written anywhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import secret_files, settings
from pipelines.failures import Failure, Misconfigured, explain
from pipelines.http.policy import Counters
from pipelines.sources import find_offer, load_function, registry, source_names, write_access
from pipelines.sources.asked import Asked
from pipelines.sources.probe import Probe, ProbeWarning


@dataclass(frozen=True)
class Finding:
    """The result of one probe: `ok`, `warn`, `fail` or `skip`, and what to do about it."""

    source: str
    what: str
    verdict: str
    why: str
    next: str = ""
    code: int = 0
    effect: str = ""
    right: str = ""
    purpose: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


def check_sources(names: list[str], asked: Asked | None = None) -> Iterator[Finding]:
    """Run every probe of these sources, or of all, and check who can read the files with secrets.

    `asked` is what push rules want to know. Write credentials are checked without writing. Raises
    Misconfigured for a name that is unknown or not configured, and for a misspelt setting.
    """
    registry.refuse_unknown_names()
    yield from _check_secrets_file(Path(".dlt/secrets.toml"), 0o077)
    for variable in secret_files.find_file_variables(settings.SECTIONS):
        # Kubernetes gives a secret to the group of the user who runs the container.
        yield from _check_secrets_file(Path(os.environ[variable]).expanduser(), 0o007)
    chosen = registry.choose_sources(names) if names else source_names()
    states = []
    for source in chosen:
        try:
            states.append(registry.is_configured(source))
        except Misconfigured as error:
            states.append(True)
            yield _describe_mistake(source, error, "no sync starts")
            continue
        if states[-1]:
            yield from _check_reading(source, asked)
            yield from _check_writing(source, asked)
        else:
            next = f"to read it, run `rollcall init {source}`, or {registry.list_needs(source)}"
            yield Finding(source, "settings", "skip", "not configured", next)
    if not any(states):
        why = "no source is configured, so a sync has nothing to read"
        next = "fill in .dlt/secrets.toml, which `rollcall init` writes, then run `rollcall check`"
        error = settings.missing_setting("sources", why, next)
        yield Finding("settings", error.what, "skip", error.why, error.next, error.code)


def _check_reading(source: str, asked: Asked | None) -> Iterator[Finding]:
    effect = "a sync cannot read it, so its last complete state stays published"
    try:
        client = registry.connect_client(source, Counters(), asked)
    except Misconfigured as error:
        yield _describe_mistake(source, error, effect)
        return
    yield from _run_probes(source, load_function(source, "probes", "check")(client), effect)


def _check_writing(source: str, asked: Asked | None) -> Iterator[Finding]:
    """Check the write credential, if there is one, and say that a push needs one."""
    is_target = asked is not None and source in asked.attributes
    push_probes = find_offer(source, "push_probes", "check") if is_target else None
    try:
        if source in write_access.writable_sources() and write_access.has_write_credential(source):
            writer = write_access.connect_writer(source)
            probes = load_function(source, "write_probes", "check")
            yield from _run_probes(source, probes(writer), "no plan can be applied there")
            if push_probes:
                yield from _run_probes(source, push_probes(writer), "no push can change it")
            return
    except Misconfigured as error:
        yield _describe_mistake(source, error, "no plan can be applied there")
        return
    if push_probes:
        why = "a push needs a write credential, and none is set"
        next = "set one (docs/write-back.md says with which rights)"
        yield Finding(source, "push: rights", "warn", why, next)


def _describe_mistake(source: str, error: Misconfigured, effect: str) -> Finding:
    return Finding(source, error.what, "fail", error.why, error.next, error.code, effect)


def _run_probes(source: str, probes: Iterator[Probe], effect: str) -> Iterator[Finding]:
    """Yield what each probe finds, up to a failure that every further one would repeat.

    `effect` is that of a failure.
    """
    has_passed = False
    for probe in probes:
        find = partial(Finding, source, probe.what, right=probe.right, purpose=probe.purpose)
        try:
            yield find("ok", probe.call())
            has_passed = True
        except ProbeWarning as warning:
            yield find("warn", str(warning), warning.next)
            has_passed = True
        except Exception as error:
            failure = explain(error) or Failure("unexpected", str(error))
            why = f"{failure.what}: {failure.why}"
            yield find("fail", why, failure.next, failure.code, effect)
            if _concerns_all(failure.status, has_passed):
                if rest := ", ".join(probe.what for probe in probes):
                    why = "not tried, because the same failure would stop them"
                    yield Finding(source, rest, "skip", why)
                return


def _concerns_all(status: int | None, has_passed: bool) -> bool:
    """Return whether a failure concerns every call of the source, and not one right or path."""
    if status == 403:
        return False
    is_about_path = status in (400, 404, 405, 406, 410, 501)
    return not (is_about_path and has_passed)


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
