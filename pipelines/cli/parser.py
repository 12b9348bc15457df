"""The command line: no abbreviations, near misses are answered, and shells complete it."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

SHELLS = ("bash", "zsh", "fish", "tcsh")
# The word that argparse complains about, without the value of a flag
MISTAKE = re.compile(r"(?:invalid choice: '|unrecognized arguments: )([^ '=]+)")


class Parser(argparse.ArgumentParser):
    """A parser of whole words: an abbreviated flag would change its meaning with the next flag.

    Wrong usage ends the command with exit code 2 and names the most similar word that exists.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False} | kwargs)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse unknown words here, where the usage of the command is known.

        A verb alone lists its steps, if it has some.
        """
        steps = [one for one in self._actions if one.required and one.choices]
        if args is not None and not args and steps:
            args = ["--help"]
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Print the usage, the mistake and the nearest word on stderr, and exit with 2."""
        word = MISTAKE.search(message)
        known = [
            each
            for action in self._actions
            for each in (*action.option_strings, *(action.choices or ()))
        ]
        if near := difflib.get_close_matches(word[1] if word else "", known, 1):
            super().error(f"{message.split(' (choose')[0]}; did you mean {near[0]}?")
        super().error(f"{message}; see `{self.prog} --help`")


def add_completion(
    verb: Callable[..., argparse.ArgumentParser], parser: argparse.ArgumentParser
) -> None:
    """Register the verb that prints a completion script of `parser`, with all its verbs."""

    def run(arguments: argparse.Namespace) -> int:
        import shtab

        print(shtab.complete(parser, arguments.shell))
        return 0

    added = verb("completion", run, "print the script by which a shell completes these commands")
    added.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    added.set_defaults(needs_no_settings=True)
