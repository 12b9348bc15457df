"""`python -m tests.sandbox serve | demo | review | answer`: serve the vendors, or try Rollcall."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from tests.sandbox import Sandbox
from tests.sandbox.company import company
from tests.sandbox.expenses import ExpenseTool
from tests.sandbox.generate import generate
from tests.sandbox.quarter import answer, quarter


def serve(people: int | None, seed: int, port: int) -> int:
    """Serve until Ctrl-C, and print the shell commands that point Rollcall to the sandbox, and let
    it change the company."""
    made = company() if people is None else generate(people, seed)
    tool = place_tool() if people is None else None
    ports = {name: port + place for place, name in enumerate(made.vendors)} if port else None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Sandbox(made, ports) as sandbox:
        declared = tool.environment() if tool else {}
        for name, value in (settings_of(sandbox) | sandbox.write_environment() | declared).items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        print(f"{made.name} is served; Ctrl-C stops it.", file=sys.stderr)
        try:
            stop.wait()
        except KeyboardInterrupt:
            return 130
    return 0


def place_tool() -> ExpenseTool:
    """Declare the company's fifth system in a folder `systems` beside the warehouse."""
    warehouse = Path(os.environ.setdefault("WAREHOUSE", "data/demo/access.duckdb"))
    tool = ExpenseTool(Path(), warehouse.parent / "systems")
    tool.declare()
    return tool


def settings_of(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings that point Rollcall to the sandbox, and read it without waiting."""
    return sandbox.environment() | {
        # .dlt/ may hold the settings of a real tenant: none of them may reach the sandbox
        "SOURCES__HALOITSM__AUTH_URL": f"{sandbox.haloitsm.url}/auth",
        "SOURCES__HALOITSM__TENANT": sandbox.company.haloitsm.tenant,
        "REVIEW__OWNER": f"security@{sandbox.company.domain}",
        **{f"SOURCES__{source.upper()}__REQUESTS_PER_SECOND": "1000" for source in sandbox.servers},
    }


def demo(campaign: str = "") -> int:
    """Sync the invented company into a warehouse of its own, say what push rules would change,
    build its page, and export it.

    With a campaign, run that whole review instead, until every change is proven.
    """
    tool = place_tool()
    warehouse = Path(os.environ["WAREHOUSE"])
    with Sandbox() as sandbox:
        real = (  # settings of a real tenant
            *("SOURCES__", "PROVISION__", "PUSH__", "SYSTEMS__"),
            *("NOTIFY__", "HEALTHCHECK__", "METRICS__"),
        )
        mine = {key: value for key, value in os.environ.items() if not key.startswith(real)}
        mine |= settings_of(sandbox) | tool.environment()
        if campaign:
            return quarter(sandbox, tool, warehouse, campaign, mine)
        mine["PUSH__FOLDER"] = str(Path(__file__).parent / "push")
        exports, page = warehouse.parent / "exports", warehouse.parent / "report.html"
        for verb in (
            ["sync"],
            ["push", "run", "okta", "--dry-run", "--no-sync"],  # by the rules beside this file
            ["report", "--quiet", "--out", str(page)],
            ["export", "--out", str(exports)],
        ):
            if "--dry-run" in verb:
                print("\nWhat push rules would change in Okta:\n", flush=True)
            code = subprocess.run([sys.executable, "-m", "pipelines", *verb], env=mine).returncode
            if code:
                return code if code > 0 else 128 - code
    _where(warehouse, page, exports, tool)
    return 0


def _where(warehouse: Path, page: Path, exports: Path, tool: ExpenseTool) -> None:
    """Print where the results are."""
    print(f"\nThe warehouse   {warehouse}")
    print(f"On one page     {page}")
    print(f"The fifth one   {tool.folder / 'expenses.toml'}, a system that a file declares")
    if manifests := list(exports.rglob("manifest.json")):
        folder = max(manifests, key=lambda path: path.stat().st_mtime).parent
        print(f"The review      {folder / 'access_review.csv'}")
        print(f"Its manifest    {folder / 'manifest.json'}")
    sql = (
        "select full_name, username, resource_name, slug from grants"
        " join accounts using (account_id) join people using (person_id)"
        " join entitlements using (entitlement_id) where ended_on < current_date order by all"
    )
    program = f"import duckdb; duckdb.connect('{warehouse}', read_only=True).sql('{sql}').show()"
    print("\nAccess that leavers still have:\n")
    print(f'  {os.path.relpath(sys.executable)} -c "{program}"')


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    serving = verbs.add_parser("serve", help="serve the invented company until Ctrl-C")
    serving.add_argument("--people", type=int, help="a generated company of this size instead")
    serving.add_argument("--seed", type=int, default=1, help="which generated company")
    serving.add_argument("--port", type=int, default=0, help="first of the ports, else free ones")
    verbs.add_parser("demo", help="sync and export the invented company")
    reviewing = verbs.add_parser("review", help="sync, and a whole campaign of its reviewers")
    now = f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    reviewing.add_argument("campaign", nargs="?", default=now, help="what it is called")
    answering = verbs.add_parser("answer", help="fill in the workbooks of a campaign")
    answering.add_argument("folder", type=Path, help="the folder `reviewers` of its packet")
    answering.add_argument("out", type=Path, help="where the filled in ones go")
    chosen = parser.parse_args()
    try:
        if chosen.verb in ("demo", "review"):
            return demo(getattr(chosen, "campaign", ""))
        if chosen.verb == "answer":
            made = answer(chosen.folder, chosen.out)
            print(", ".join(f"{count} {name}" for name, count in made.most_common()))
            return 0
        return serve(chosen.people, chosen.seed, chosen.port)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
