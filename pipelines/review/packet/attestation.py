"""The text that the people who answer for a campaign sign, made from the manifest alone.

`verify` makes the text again and compares, so every packet of this format would fail if a word
changed. Another text is another format, beside this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

ROLES = ("Ran the campaign", "Owner of the control", "Owner of the systems", "Independent check")


def attestation_text(manifest: str) -> str:
    """Return the attestation of this manifest."""
    about = json.loads(manifest)
    return "\n".join(_lines(about, hashlib.sha256(manifest.encode()).hexdigest()))


def _lines(about: dict[str, Any], digest: str) -> Iterator[str]:
    counts = about["counts"]
    yield from ("ATTESTATION OF AN ACCESS REVIEW", "")
    yield f"Campaign      {about['title']} ({about['campaign']}), due {about['due_on']}"
    yield f"Opened        {about['opened_at']} by {about['opened_by']}"
    closed = f"{about['closed_at']} by {about['closed_by']}" if about["closed_at"] else "not yet"
    yield f"Closed        {closed}"
    yield f"Data as of    {about['data_as_of']}"
    yield f"Definition    SHA-256 {about['definition_sha256']}"
    yield f"Manifest      SHA-256 {digest}"
    if earlier := about["continues"]:
        yield (
            f"Continues     the packet `{earlier['folder']}`, manifest SHA-256"
            f" {earlier['manifest_sha256'] or 'unknown, because it has no manifest'}"
        )
    yield from ("", "Population    " + _population_text(about))
    yield (
        f"Left out      {_count(counts['excluded'].get('grant', 0), 'grant')} and"
        f" {_count(counts['excluded'].get('account', 0), 'account')}, each with its reason;"
        " exclusions.csv"
    )
    yield f"Findings      {counts['findings']}, as they stood at the opening; findings.csv"
    yield f"Decided       {counts['decided']} of {counts['items']}"
    yield (
        f"Not decided   {counts['undecided']} without an answer, {counts['unsettled']} unsure or"
        " not the reviewer's; none of them is an approval"
    )
    answers = ", ".join(f"{number} {name}" for name, number in counts["decisions"].items())
    yield f"Answers       {answers or 'nothing'}"
    yield f"Came back     {_returned_text(about['returned'])}"
    yield from (f"              not kept: {one}" for one in about["returned"]["missing"])
    yield from ("", "Reviewers")
    yield from (f"  {_reviewer_text(one)}" for one in about["reviewers"])
    yield from ("", "Sources, and the calls that read them: calls.csv")
    yield from (f"  {_source_text(state)}" for state in about["sources"])
    yield from ("", "Accepted by name")
    yield from [f"  {_accepted_text(one)}" for one in about["accepted"]] or ["  nothing"]
    yield from ("", "Code")
    for when, code in about["code"].items():
        yield f"  {when}: {_code_text(code)}"
    yield from (
        "",
        "I have read the files that the manifest lists, and `rollcall review verify` found every",
        "one of them as it was written. The population above is complete for the scope of the",
        "campaign; what was left out is listed with its reason. Decisions are those of the named",
        "reviewers. The decision of a shared mailbox is of somebody who can read it, and names no",
        "person.",
        "",
        f"{'Role':26}{'Name':32}{'Date':16}Signature",
    )
    for role in ROLES:
        yield from ("", f"{role:26}{'_' * 28:32}{'_' * 12:16}{'_' * 24}")
    yield ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _population_text(about: dict[str, Any]) -> str:
    items = _count(about["counts"]["items"], "grant")
    text = f"{items} to decide on, by {_count(len(about['reviewers']), 'reviewer')}"
    selected = ", selected by population.sql" if about["has_population_sql"] else ""
    return f"{text}; population.csv{selected}"


def _returned_text(returned: dict[str, Any]) -> str:
    missing = len(returned["missing"])
    text = f"{_count(returned['kept'] + missing, 'file')} with decisions"
    if missing:
        return f"{text}, {missing} of them not in this packet; imports.csv, returned/"
    return f"{text}, all in this packet; imports.csv, returned/" if returned["kept"] else text


def _reviewer_text(one: dict[str, Any]) -> str:
    items = _count(one["items"], "item")
    if one["kind"] == "person":
        title = f", {one['title']}" if one["title"] else ""
        return f"{one['name'] or 'no name'}{title} ({one['reviewer']}): {items}"
    if one["kind"] == "shared mailbox":
        return f"{one['reviewer']}, a shared mailbox (of no single person in HR): {items}"
    return f"{one['reviewer']}, whose name an earlier version did not note: {items}"


def _source_text(state: dict[str, Any]) -> str:
    complete = state["complete_run_id"] or "no complete run"
    name, title = state["source_name"], state.get("source_title")  # an earlier version had no title
    if title and title.casefold() != name:
        name = f"{title} ({name})"
    return (
        f"{name}: {complete}, data as of {state['as_of']}, everything read on"
        f" {state['full_read_at']}, last run {state['last_status']}"
    )


def _accepted_text(one: dict[str, Any]) -> str:
    return f"{one['source_name']}: {one['why']}. {one['accepted_by']}: {one['because']}"


def _code_text(code: dict[str, Any]) -> str:
    digests = (
        f"{what} SHA-256 {code[name]}"
        for what, name in (
            ("code", "code_sha256"),
            ("models", "models_sha256"),
            ("lock file", "lock_sha256"),
        )
        if code.get(name)
    )
    return ", ".join([f"Rollcall {code['rollcall']}", *digests])
