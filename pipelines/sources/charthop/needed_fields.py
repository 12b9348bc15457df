"""Declares the fields of persons without which nobody's employment can be known."""

from __future__ import annotations

from functools import partial

from pipelines.sources.needed_fields import NeededField

EMPLOYMENT_RIGHT = "read access to the start date, end date and job of all persons, leavers too"
CONTACT_RIGHT = "read access to the work email of all persons"


def needed_fields() -> list[NeededField]:
    """Return the fields that staging needs, and the right that shows each."""
    decisive = partial(NeededField, resource="persons", right=EMPLOYMENT_RIGHT, decides_status=True)
    return [
        decisive(name="startDateOrg"),
        decisive(name="endDateOrg"),
        decisive(name="jobId"),
        NeededField(
            resource="persons",
            name="contact.workEmail",
            right=CONTACT_RIGHT,
            consequence=" (no account finds its person by mail address)",
            paths=('$."contact.workEmail"', "$.contact.workEmail"),
        ),
    ]
