"""The text that the person who ran a campaign signs, as packets of format 1 have it.

`verify` makes the text again and compares, so no word of this file may ever change.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def attestation_text(manifest: str) -> str:
    """Return the attestation of this manifest."""
    about = json.loads(manifest)
    counts = about["counts"]
    lines = [
        "ATTESTATION OF AN ACCESS REVIEW",
        "",
        f"Campaign      {about['title']} ({about['campaign']}), due {about['due_on']}",
        f"Opened        {about['opened_at']} by {about['opened_by']}",
        f"Closed        {_closed_text(about)}",
        f"Data as of    {about['data_as_of']}",
        f"Definition    SHA-256 {about['definition_sha256']}",
        f"Manifest      SHA-256 {hashlib.sha256(manifest.encode()).hexdigest()}",
        "",
        f"Population    {counts['items']} grants to decide on, by {len(about['reviewers'])}"
        " reviewers; population.csv",
        f"Left out      {counts['excluded'].get('grant', 0)} grants and"
        f" {counts['excluded'].get('account', 0)} accounts, each with its reason; exclusions.csv",
        f"Findings      {counts['findings']}, as they stood at the opening; findings.csv",
        f"Decided       {counts['decided']} of {counts['items']}",
        f"Not decided   {counts['undecided']} without an answer, {counts['unsettled']} unsure or"
        " not the reviewer's; none of them is an approval",
        f"Answers       {_counts_text(counts['decisions'])}",
        "",
        "Sources",
        *(f"  {_source_text(state)}" for state in about["sources"]),
        "",
        "Accepted by name",
        *([f"  {_accepted_text(one)}" for one in about["accepted"]] or ["  nothing"]),
        "",
        "I have read the files that the manifest lists, and `rollcall review verify` found every",
        "one of them as it was written. The population above is complete for the scope of the",
        "campaign; what was left out is listed with its reason. Decisions are those of the named",
        "reviewers.",
        "",
        "Name                                  Date              Signature",
        "",
    ]
    return "\n".join(lines)


def _closed_text(about: dict[str, Any]) -> str:
    return f"{about['closed_at']} by {about['closed_by']}" if about["closed_at"] else "not yet"


def _counts_text(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "nothing"


def _source_text(state: dict[str, Any]) -> str:
    complete = state["complete_run_id"] or "no complete run"
    return (
        f"{state['source_name']}: {complete}, data as of {state['as_of']}, everything read on"
        f" {state['full_read_at']}, last run {state['last_status']}"
    )


def _accepted_text(one: dict[str, Any]) -> str:
    return f"{one['source_name']}: {one['why']}. {one['accepted_by']}: {one['because']}"
