"""The names of a new account are those that HR says."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.company.parts import person as hr_person
from tests.sandbox.company.parts import pingone_id

LUDWIG, CHER = 99, 98


@pytest.mark.long
def test_a_new_account_has_the_name_as_hr_says_it(rollcall, published):
    """A full name is never cut in two: without its parts the account is blocked, not guessed."""
    hr = rollcall.has(published).sandbox.company.charthop
    requests = ["request_id,person_id,entitlement_id,reason,approved_by"]
    entitlement = f"pingone:group:{pingone_id('group', 5)}:member"
    for number, first, last, more in (
        (LUDWIG, "Ludwig", "van Beethoven", {"pref": "Louis"}),
        (CHER, "", "", {"middle": "Cher Bono"}),  # HR has her full name only
    ):
        mail = f"somebody{number}@lanternfish.example"
        person = hr_person(number, first, last, mail, f"E-10{number}", [], **more)
        hr.persons[person["id"]] = person
        requests.append(
            f"R-{number},charthop:person:{person['id']},{entitlement},"
            "new colleague,grace.okoye@lanternfish.example"
        )
    hr.touch()
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "requests.csv").write_text("\n".join(requests) + "\n")

    rollcall.sync("charthop", GUARD__MISSING_POINTS="1")  # nobody knows when they begin

    rows = rollcall.rows("from planned_changes where action = 'create_account'")
    made = {int(row["person_id"][-4:]): row for row in rows}
    assert "a name is never cut in two" in made[CHER]["blocked_because"]
    assert None is made[LUDWIG]["blocked_because"]
    wanted = json.loads(made[LUDWIG]["wanted_state"])
    assert ("Ludwig", "van Beethoven") == (wanted["given_name"], wanted["family_name"])
    [known] = rollcall.rows(f"from people where employee_number = 'E-10{LUDWIG}'")
    assert ("Ludwig van Beethoven", "Louis") == (known["full_name"], known["preferred_name"])
