"""The commands of a watch, and what makes each of them due."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Failure, Refused
from pipelines.policy.company_files import policy_folder
from pipelines.push.rules import find_targets, push_folder
from pipelines.unattended.expiry_rules import EXPIRY, has_expiry_rules
from pipelines.warehouse.publish import open_published
from pipelines.write_back.approval import PUSH_SUBJECT, find_approval
from pipelines.write_back.audit_log import changes_folder
from pipelines.write_back.wanted import read_wanted_changes

POLICY_FILES = ("policy.toml", "requests.csv")


@dataclass
class Command:
    """A command that a watch runs, and how its last run ended."""

    arguments: tuple[str, ...]
    subject: str = ""  # of the standing approval that it needs
    files: tuple[Path, ...] = ()  # the rules that it follows
    is_due: bool = True
    is_refused: bool = False  # until the rules, the approval or the data change
    inputs: str = ""  # the rules and the approval at the last run
    asked: set[str] = field(default_factory=set)  # changes of expiry that the last run has seen
    told: tuple[object, ...] | None = None  # the failure that was told last

    @property
    def words(self) -> str:
        return " ".join(self.arguments)

    @property
    def is_push(self) -> bool:
        return self.arguments[0] == "push"

    @property
    def is_sync(self) -> bool:
        return self.arguments[0] == "sync"

    @property
    def is_expiry(self) -> bool:
        return self.arguments[0] == "expiry"


def find_commands(known: dict[str, Command], sources: list[str]) -> dict[str, Command]:
    """Return the commands by their words: a push of each target with rules, a sync of `sources`,
    or of all sources, and the end of access. A command that is known keeps its state.

    Raises Misconfigured if the rules cannot be read.
    """
    policy = tuple(policy_folder() / name for name in POLICY_FILES)
    commands = [
        Command(
            ("push", "run", target),
            f"{PUSH_SUBJECT}{target}",
            (push_folder() / f"{target}.toml", *policy),
        )
        for target in find_targets()
    ]
    commands.append(Command(("sync", *sources)))
    if has_expiry_rules():
        commands.append(Command(("expiry", "run"), EXPIRY, policy))
    return {command.words: known.get(command.words, command) for command in commands}


class Signs:
    """What a watch looks at before it runs a command."""

    def __init__(self) -> None:
        self.has_news = self.is_new_data = False
        self.published: object = None  # which published file the last tick left
        self.day: date | None = None  # in UTC: the end dates of requests are of that zone
        self.is_new_day = False
        self.approvals: dict[str, tuple[object, str]] = {}  # by subject

    def look(self, news: Iterable[str]) -> None:
        """Look at what is the same for all commands."""
        day = datetime.now(UTC).date()
        self.has_news, self.is_new_day, self.day = any(news), day != self.day, day
        self.is_new_data = self.published != _identify(settings.warehouse_path())

    def judge(self, command: Command) -> None:
        """Make a command due if there is a reason to run it now."""
        is_asked = self.is_new_day if command.is_expiry else self.has_news
        is_asked |= bool(command.files) and self._read_inputs(command) != command.inputs
        is_asked |= command.is_refused and self.is_new_data
        if command.is_expiry and not is_asked and (self.has_news or self.is_new_data):
            is_asked = bool(_find_expired() - command.asked)
        command.is_due |= bool(is_asked)

    def note_inputs(self, command: Command) -> None:
        """Note the rules and the approval with which a command runs now."""
        command.inputs = self._read_inputs(command)

    def note_end(self, command: Command, code: int) -> None:
        """Note how a run ended: what failed is tried again, unless it was refused."""
        command.is_refused = code == Refused.code
        command.is_due = bool(code) and not command.is_refused
        if command.is_expiry:
            command.asked = _find_expired()

    def note_published(self) -> None:
        """Note which data the runs of this tick have left."""
        self.published = _identify(settings.warehouse_path())

    def _read_inputs(self, command: Command) -> str:
        """Return a digest of the rules that a command follows, and of its approval."""
        digest = hashlib.sha256(self._read_approval(command.subject).encode())
        for path in command.files:
            content = path.read_bytes() if path.exists() else b""
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _read_approval(self, subject: str) -> str:
        """Return which record approves a subject; an edited log is another text."""
        if not subject:
            return ""
        mark, known = _identify(changes_folder() / "audit.jsonl"), self.approvals.get(subject)
        if known is None or known[0] != mark:
            try:
                found = find_approval(changes_folder(), subject)
                known = (mark, found.record if found else "")
            except Failure as failure:
                known = (mark, str(failure))
            self.approvals[subject] = known
        return known[1]


def _find_expired() -> set[str]:
    """Return the changes that the published data asks for because access has expired; none while
    the data cannot be read, which every run says itself."""
    try:
        with open_published(settings.warehouse_path()) as warehouse:
            wanted = read_wanted_changes(warehouse, EXPIRY)
    except (Failure, duckdb.Error):
        return set()
    return {one.change.change_id for one in wanted if not one.blocked_because}


def _identify(path: Path) -> object:
    """Return what tells a file from the one that replaces it; None without a file."""
    try:
        known = path.stat()
    except FileNotFoundError:
        return None
    return known.st_ino, known.st_mtime_ns, known.st_size
