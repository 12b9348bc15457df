"""rollcall init: write the settings and the rules to fill in, and print the line of the scheduler.

Nothing that exists is written over, so the command can be run again at any time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.cli.output import print_result

SECRETS_FILE = Path(".dlt/secrets.toml")


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("init", run, "write the settings to fill in, and print the line for cron")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="only these")


def run(arguments: argparse.Namespace) -> int:
    """Write each file that does not exist, and print what to do next."""
    from pipelines.cli.init.new_file import write_if_new
    from pipelines.cli.init.policy_file import POLICY_TEXT
    from pipelines.cli.init.schedule import describe_schedule
    from pipelines.cli.init.secrets_file import render_secrets, render_sections
    from pipelines.settings import read_setting
    from pipelines.sources import registry

    registry.check_source_names(arguments.sources)
    policy = Path(read_setting("review.folder", "reviews")).expanduser() / "policy.toml"
    files = {SECRETS_FILE: render_secrets(arguments.sources), policy: POLICY_TEXT}
    is_written = {path: write_if_new(path, text) for path, text in files.items()}
    document = {
        "written": [str(path) for path, is_new in is_written.items() if is_new],
        "left": [str(path) for path, is_new in is_written.items() if not is_new],
        "schedule": describe_schedule(Path.cwd()),
    }
    to_add = "" if is_written[SECRETS_FILE] else render_sections(arguments.sources)
    print_result(arguments, document, _render(document, to_add), even_if_quiet=True)
    return 0


def _render(document: dict[str, Any], to_add: str) -> Iterator[str]:
    for path in document["written"]:
        yield f"written: {path}"
    for path in document["left"]:
        yield f"left as it is: {path}"
    if to_add:
        yield f"add to {SECRETS_FILE} what it lacks of this:"
        yield ""
        yield to_add
    yield f"next: fill in {SECRETS_FILE}, then run `rollcall check` and `rollcall sync`"
    yield "for a sync every hour, add this line to the crontab (`crontab -e`):"
    yield document["schedule"]
