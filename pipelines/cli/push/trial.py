"""rollcall push test: try a query or a rule before it is saved."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli.output import print_result
from pipelines.failures import Misconfigured
from pipelines.redact import UNPRINTABLE

QUERIES = ("where", "sql", "carrot")


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step and its flags."""
    about = "try a query or a rule: whom it finds, and what would change; change nothing"
    step = add_step("test", run, about)
    for name, metavar, text in (
        ("where", "SQL", "try a condition over `people`"),
        ("sql", "SQL", "try a query of person_id, or with --field an expression"),
        ("carrot", "QUERY", "try a query that the HR system answers now"),
        ("group", "RULE", "only this group rule, or its group with the query that is tried"),
        ("field", "ATTRIBUTE", "only the rule of this attribute"),
        ("person", "MAIL", "everything that the rules want for one person, and why"),
    ):
        step.add_argument(f"--{name}", metavar=metavar, help=text)
    step.add_argument(
        "--limit", type=int, default=20, metavar="N", help="rows of each kind that are listed"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print whom the rules find, and what would change in the target. Nothing is written."""
    from pipelines import settings
    from pipelines.push.question import Question
    from pipelines.push.trial import explain_person, try_rules
    from pipelines.push.trial_text import describe_trial

    _check_flags(arguments)
    warehouse = settings.warehouse_path()
    if arguments.person is not None:
        document = explain_person(warehouse, arguments.target, arguments.person)
    else:
        names = (*QUERIES, "group", "field")
        question = Question(**{name: getattr(arguments, name) for name in names})
        document = try_rules(warehouse, arguments.target, question, arguments.limit)
    # A name may contain characters that move the cursor of a terminal.
    lines = (UNPRINTABLE.sub(" ", line) for line in describe_trial(document))
    print_result(arguments, {"code": 0} | document, lines, even_if_quiet=True)
    return 0


def _check_flags(arguments: argparse.Namespace) -> None:
    """Raise Misconfigured for flags that do not go together."""
    given = [
        name
        for name in (*QUERIES, "group", "field", "person")
        if getattr(arguments, name) is not None
    ]
    queries = [name for name in given if name in QUERIES]
    goes_together = (
        len(given) < 2
        or (len(queries) == 1 and given == [*queries, "group"])
        or given == ["sql", "field"]
    )
    if not goes_together:
        names = " and ".join(f"--{name}" for name in given)
        raise Misconfigured(
            names, "they ask two questions", "a query goes with --group, --sql also with --field"
        )
    if arguments.limit < 1:
        raise Misconfigured("--limit", "it must be at least 1", "use a number such as 20")
