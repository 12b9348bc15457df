"""Bugs in a watch, in its doorbell, and in access that ends by itself."""

from __future__ import annotations

from tests.planted.bug import Bug

BELL = "pipelines/sources/charthop/doorbell.py"
HEARD = "tests/sources/test_doorbell.py"
WATCH = "pipelines/unattended/watch.py"
JOBS = "pipelines/unattended/watch_commands.py"
WATCHED = "tests/unattended/test_watch.py"
RULES = "pipelines/unattended/expiry_rules.py"
EXPIRED = "tests/unattended/test_expiry.py"

BUGS = [
    Bug(
        "every event of an answer is news again",
        BELL,
        "len(found - self.seen)",
        "len(found)",
        f"{HEARD} -k heard_once",
    ),
    Bug(
        "an event that comes late is never heard",
        BELL,
        "min(self.newest, now) - OVERLAP",
        "min(self.newest, now)",
        f"{HEARD} -k comes_late",
    ),
    Bug(
        "an event of the future hides all others",
        BELL,
        "min(self.newest, now) - OVERLAP",
        "self.newest - OVERLAP",
        f"{HEARD} -k of_the_future",
    ),
    Bug(
        "the ids of weeks are remembered",
        BELL,
        "self.seen = found  #",
        "self.seen = (self.seen or set()) | found  #",
        f"{HEARD} -k does_not_grow",
    ),
    Bug(
        "a day begins in UTC",
        BELL,
        "self._now().astimezone(self.org.zone)",
        "self._now().astimezone(UTC)",
        f"{HEARD} -k day_is_that",
    ),
    Bug(
        "a day begins by our clock alone",
        BELL,
        "return datetime.now(UTC) - self.ahead",
        "return datetime.now(UTC)",
        f"{HEARD} -k both_clocks",
    ),
    Bug(
        "a refused feed stops the clock of a watch",
        BELL,
        "finally:",
        "except ValueError:",
        f"{HEARD} -k still_tells_the_time",
    ),
    Bug(
        "a doorbell waits until a failing feed works",
        BELL,
        "attempts=1, budget=0.0, deadline=SECONDS",
        "deadline=SECONDS",
        f"{HEARD} -k not_repeated",
    ),
    Bug(
        "a new day is no news",
        WATCH,
        "if self.days.get(place, day) != day:",
        "if False:",
        f"{WATCHED} -k new_day",
    ),
    Bug(
        "a watch waits for events for ever",
        WATCH,
        "elif time.monotonic() - self.news_at >= MAX_QUIET_HOURS * 3600:",
        "elif False:",
        f"{WATCHED} -k hours_without_news",
    ),
    Bug(
        "the same failure is told every minute",
        WATCH,
        "if has_made or failure != command.told or",
        "if has_made or failure or failure != command.told or",
        f"{WATCHED} -k told_once_and_tried",
    ),
    Bug(
        "a watch goes on with a mistake in the rules",
        WATCH,
        "ENDING_CODES = (Misconfigured.code, ",
        "ENDING_CODES = (",
        f"{WATCHED} -k wrong_rules_file",
    ),
    Bug(
        "a watch goes on with a revoked token",
        WATCH,
        "if failure.status == 401:",
        "if False:",
        f"{WATCHED} -k revoked_credential",
    ),
    Bug(
        "a signal does not reach the run of a watch",
        WATCH,
        "            if self.child:\n                self.child.terminate()\n\n        handlers",
        "\n        handlers",
        "tests/unattended/test_watch_stopped.py -k change_at_hand",
    ),
    Bug(
        "a refused run is tried every minute",
        JOBS,
        "command.is_due = bool(code) and not command.is_refused",
        "command.is_due = bool(code)",
        f"{WATCHED} -k within_one_tick",
    ),
    Bug(
        "a failed run waits for the next event",
        JOBS,
        "command.is_due = bool(code) and not command.is_refused",
        "command.is_due = False",
        f"{WATCHED} -k told_once_and_tried",
    ),
    Bug(
        "an approval is noticed by the next event only",
        JOBS,
        "is_asked |= bool(command.files) and self._read_inputs(command) != command.inputs",
        "pass",
        f"{WATCHED} -k within_one_tick",
    ),
    Bug(
        "other data is no reason to try again",
        JOBS,
        "is_asked |= command.is_refused and self.is_new_data",
        "pass",
        f"{WATCHED} -k within_one_tick",
    ),
    Bug(
        "the approval of expiry does not cover its limit",
        RULES,
        '"changes": self.changes, "tenants"',
        '"tenants"',
        f"{EXPIRED} -k one_limit",
    ),
    Bug(
        "the approval of expiry covers every tenant",
        RULES,
        'return ", ".join(f"{source} {tenant}" for source, tenant in sorted(self.tenants.items()))',
        'return "all"',
        f"{EXPIRED} -k one_limit",
    ),
    Bug(
        "expiry reads everything before it looks for an approval",
        "pipelines/unattended/expiry_run.py",
        "        check_job(job)\n",
        "",
        f"{EXPIRED} -k without_an_approval",
    ),
    Bug(
        "expiry takes decisions and leavers along",
        "pipelines/write_back/wanted.py",
        '"expiry": "reason_kind = \'expiry\'"',
        '"expiry": "reason_kind <> \'push\'"',
        f"{EXPIRED} -k nothing_but",
    ),
    Bug(
        "a policy with [expiry] alone may disappear",
        "pipelines/policy/presence.py",
        '"owners", "leavers", "expiry")',
        '"owners", "leavers")',
        "tests/policy/test_presence.py -k limit_of_expiry",
    ),
]
