"""Watch for news, and run what is to run by itself: a sync, pushes, and the end of access.

Every run is a child process, the same command that a person or cron would start. So a watch of many
weeks needs no more memory than one of a minute, a crash of a library ends one run only, and a
signal reaches the run as it would without a watch.

Doorbells say that something was entered. They do not say when it becomes effective, and they miss
imports that leave no events. Therefore a new day and MAX_QUIET_HOURS without news are news, too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines.failures import Denied, Failure, Misconfigured, StorageFailed, Unreadable
from pipelines.files.scratch import INTERRUPTS
from pipelines.sources.doorbell import Doorbell, connect_doorbells
from pipelines.unattended.watch_commands import Command, Signs, find_commands

ENDING_CODES = (Misconfigured.code, Denied.code, StorageFailed.code)
MAX_QUIET_HOURS = 6
MAX_DEAF_TICKS = 3  # a feed that cannot be read so often in a row is told
MADE = ("done", "ticketed")


@dataclass(frozen=True)
class Message:
    """What people are told about one run, or about the watch itself."""

    words: str  # of the command
    code: int | None  # null if the command goes on
    summary: list[str] = field(default_factory=list)  # counts first; of a push also who and what
    failures: list[dict[str, Any]] = field(default_factory=list)  # as `--json` prints them
    is_push: bool = False


class Watch:
    """A watch. `report` takes a line about its progress, and `tell` what people are told."""

    def __init__(self, report: Callable[[str], None], tell: Callable[[Message], None]) -> None:
        self.report, self.tell = report, tell
        self.bells = connect_doorbells()
        self.stopped = threading.Event()
        self.child: subprocess.Popen[str] | None = None
        self.commands: dict[str, Command] = {}
        self.signs = Signs()
        self.days: dict[str, date] = {}
        self.deaf: Counter[str] = Counter()  # ticks in a row without an answer, by source
        self.news_at: float | None = None  # on the monotonic clock
        self.warned: set[str] = set()
        self.failed = ""  # the failure of the watch itself that was told last

    def run(self, every: float) -> int:
        """Tick every so many seconds until a signal comes. Return the exit code."""
        with self._interrupts():
            while not self.stopped.is_set():
                code = self.tick()
                if code is not None and not self.stopped.is_set():
                    return code
                self.stopped.wait(every)
        return 0

    def tick(self) -> int | None:
        """Look for news once, and run what is due. Return the code that ends the watch, or None."""
        try:
            code = self._run_due([*self._find_news()])
        except Failure as failure:
            code = failure.code if failure.code in ENDING_CODES else None
            if str(failure) != self.failed:
                self.tell(Message("watch", code, failures=[describe_failure(failure)]))
            self.failed = str(failure)
        else:
            self.failed = ""
        return code

    def _find_news(self) -> Iterator[str]:
        """Yield in words why to run. Raises Denied if a credential is not valid any more."""
        if self.news_at is None:
            yield "the watch begins"
        elif time.monotonic() - self.news_at >= MAX_QUIET_HOURS * 3600:
            yield f"{MAX_QUIET_HOURS} hours have passed without news"
        days = {"UTC": datetime.now(UTC).date()} if not self.bells else {}
        for source, bell in self.bells.items():
            if events := self._ring(source, bell):
                yield f"{source}: {events} new events"
            days[source] = bell.today()
        for place, day in days.items():
            if self.days.get(place, day) != day:
                yield f"{place}: {day} has begun"
        self.days = days

    def _ring(self, source: str, bell: Doorbell) -> int:
        """Return how many events are new; 0 if nobody can say."""
        try:
            events = bell.ring()
        except (Denied, Unreadable) as failure:
            if failure.status == 401:
                raise
            self.deaf[source] += 1
            if self.deaf[source] == MAX_DEAF_TICKS:
                without = (
                    f"the events of {source} cannot be read; until they can, a run comes with each"
                    f" day and every {MAX_QUIET_HOURS} hours"
                )
                self.tell(Message("watch", None, [without], [describe_failure(failure)]))
            return 0
        finally:
            for warning in {*bell.counters.warnings} - self.warned:
                self.report(warning)
                self.warned.add(warning)
        del self.deaf[source]
        return events

    def _run_due(self, news: list[str]) -> int | None:
        """Run the commands that are due. Return the code that ends the watch, or None."""
        for text in news:
            self.report(text)
            self.news_at = time.monotonic()
        self.commands = find_commands(self.commands, [*self.bells])
        self.signs.look(news)
        has_pushed = False
        for command in self.commands.values():
            self.signs.judge(command)
            if self.stopped.is_set() or not command.is_due:
                continue
            if command.is_sync and has_pushed:
                command.is_due = False  # the push has read the HR systems
                continue
            code, document = self._run(command)
            has_pushed |= bool(document.get("push_id"))
            if code in ENDING_CODES and not self.stopped.is_set():
                self.tell(
                    Message("watch", code, [f"{command.words} cannot succeed by trying again"])
                )
                return code
        self.signs.note_published()
        return None

    def _run(self, command: Command) -> tuple[int, dict[str, Any]]:
        """Run a command in a process of its own, and return its exit code and its document."""
        self.report(f"{command.words}: running")
        self.signs.note_inputs(command)
        # -P: the project directory may have a `pipelines` of its own, such as another version's
        python = [sys.executable, "-P", "-m", "pipelines"]
        call = [*python, *command.arguments, "--json", "--for-watch"]
        path = str(Path(__file__).parents[2])
        self.child = subprocess.Popen(
            call, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
        )
        if self.stopped.is_set():  # the signal came before there was a child
            self.child.terminate()
        printed, _ = self.child.communicate()
        code, self.child = self.child.returncode, None
        code = code if code >= 0 else 128 - code
        try:
            document = json.loads(printed)
        except ValueError:
            document = {}
        self.signs.note_end(command, code)
        self._tell_once(command, code, document)
        return code, document

    def _tell_once(self, command: Command, code: int, document: dict[str, Any]) -> None:
        """Tell what a run has made, a failure that is not that of the last run, and its end."""
        failures, summary = document.get("failures") or [], document.get("summary") or []
        failure = (code, *sorted(str(one.get("what")) for one in failures)) if code else None
        has_made = any((document.get("counts") or {}).get(word) for word in MADE)
        if self.stopped.is_set() and not has_made:
            return
        is_over = command.told is not None and failure is None
        if has_made or failure != command.told or (summary and not code):
            if is_over and not summary:
                summary = ["it works again"]
            if not document:
                summary = ["it ended without a result"]
            self.tell(Message(command.words, code, summary, failures, command.is_push))
        command.told = failure

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """Let a signal end the watch, and the run at hand as its own command would end it."""

        def stop(*_: Any) -> None:
            self.stopped.set()
            if self.child:
                self.child.terminate()

        handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
        for number, handler in handlers.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, stop)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def describe_failure(failure: Failure) -> dict[str, Any]:
    """Return a failure as `--json` prints it."""
    return {"what": failure.what, "why": failure.why, "next": failure.next, "code": failure.code}
