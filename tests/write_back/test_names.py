"""The names of a new account are those that HR says."""

from __future__ import annotations

import json

from tests.sandbox.company.parts import person as hr_person
from tests.sandbox.company.parts import pingone_id

WHO = 99


def planned(rollcall):
    [row] = rollcall.rows("from planned_changes where action = 'create_account'")
    return row


def test_a_new_account_has_the_name_as_hr_says_it(rollcall):
    """A full name is never cut in two: without its parts the account is blocked, not guessed."""
    hr = rollcall.sandbox.company.charthop
    mail = "ludwig@lanternfish.example"
    ludwig = hr_person(WHO, "Ludwig", "van Beethoven", mail, "E-1099", [], pref="Louis")
    hr.persons[ludwig["id"]] = ludwig
    hr.switches.unreadable_fields = {"name.first", "name.last"}
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "requests.csv").write_text(
        "request_id,person_id,entitlement_id,reason,approved_by\n"
        f"R-1,charthop:person:{ludwig['id']},pingone:group:{pingone_id('group', 5)}:member,"
        "new colleague,grace.okoye@lanternfish.example\n"
    )

    rollcall.sync("charthop", "pingone")

    assert "a name is never cut in two" in planned(rollcall)["blocked_because"]

    hr.switches.unreadable_fields = set()
    rollcall.sync("charthop")

    assert None is planned(rollcall)["blocked_because"]
    wanted = json.loads(planned(rollcall)["wanted_state"])
    assert ("Ludwig", "van Beethoven") == (wanted["given_name"], wanted["family_name"])
    [known] = rollcall.rows(f"from people where employee_number = 'E-{1000 + WHO}'")
    assert ("Ludwig van Beethoven", "Louis") == (known["full_name"], known["preferred_name"])
