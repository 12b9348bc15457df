"""A rules file is read as it is meant, or refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.failures import Misconfigured
from pipelines.push.rules import find_asked, read_rules
from pipelines.sources.asked import Asked

TARGET = "pingone"
GROUP = '[groups.finance]\nname = "Finance"\n'
FULL = """
[people]
hr_fields = ["costCenter"]
[profiles]
create = true
[fields.title]
sql = "job_title"
[fields.team]
field = "team.name"
when_blank = "clear"
[groups.finance]
name = "Finance - all"
where = "department = 'Finance' and started_on <= today"
[groups.sales]
name = "Sales"
carrot = "department:sales"
[groups.staff]
name = "Staff"
sql = "select person_id from people where today - started_on > 30"
[limits]
changes = 50
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PUSH__FOLDER", str(tmp_path))
    return tmp_path


def write(folder: Path, text: str, target: str = TARGET) -> Path:
    path = folder / f"{target}.toml"
    path.write_text(text)
    return path


def test_a_whole_file_is_read(folder):
    """Every part of a file is read, and what it leaves out has its default."""
    write(folder, FULL)

    found = read_rules(TARGET).definition

    assert ("team.name", "clear", None) == (
        found.fields["team"].field,
        found.fields["team"].when_blank,
        found.fields["team"].sql,
    )
    assert ["finance", "sales", "staff"] == [*found.groups]
    assert (True, "never", "work_email") == (
        found.profiles.create,
        found.profiles.activate,
        found.profiles.login,
    )
    assert ("exact", 5.0, "changes") == (
        found.groups["sales"].members,
        found.limits.percent_of_accounts,
        found.notify.detail,
    )


REFUSED = {
    "people.days_before_strt: unknown name; did you mean days_before_start?": (
        "[people]\ndays_before_strt = 3"
    ),
    "fields.title.when_blnk: unknown name; did you mean when_blank?": (
        '[fields.title]\nsql = "job_title"\nwhen_blnk = "keep"'
    ),
    "groups.finance.member: unknown name; did you mean members?": GROUP + 'member = "exact"',
    "group: unknown name; did you mean groups?": "[group.finance]",
    "limits.creats: unknown name; did you mean creates?": "[limits]\ncreats = 1",
    "notify.urls: unknown name; use one of when, detail": "[notify]\nurls = []",
    "people.where: unterminated quoted string": '[people]\nwhere = "department = \'Fin"',
    "people.where: it holds a statement that is no `select`": (
        '[people]\nwhere = "true; drop table people"'
    ),
    "people.where: it asks for `current_date`, whose answer changes with time or chance; use the"
    " column `today`": '[people]\nwhere = "started_on <= current_date"',
    "groups.finance.where: it asks for `now`": GROUP + 'where = "started_on < now()"',
    "groups.finance.sql: it asks for `random`": (
        GROUP + 'sql = "select person_id from people where random() > 0.5"'
    ),
    "groups.finance.sql: this is not one query": GROUP + 'sql = "select 1; select 2"',
    "fields.title.sql: this is more than one expression": '[fields.title]\nsql = "job_title, 1"',
    "profiles.login: it asks for `today`": '[profiles]\nlogin = "today()"',
    "groups.finance: it needs exactly one of `where`, `carrot`, `sql`": GROUP,
    "fields.title: it needs exactly one of `field`, `sql`": (
        '[fields.title]\nsql = "job_title"\nfield = "title"'
    ),
    "people.hr_fields.1: string should match pattern": '[people]\nhr_fields = ["a,b"]',
    "fields.team.field: string should match pattern": '[fields.team]\nfield = "team.name, id"',
    "groups.Finance.[key]: string should match pattern": '[groups.Finance]\nname = "F"',
    "groups.finance.name: string should have at least 1 character": '[groups.finance]\nname = " "',
    "groups.finance.members: input should be 'exact' or 'add_only'": GROUP + 'members = "all"',
    "profiles.create: input should be a valid boolean": '[profiles]\ncreate = "no"',
    "limits.changes: input should be a valid integer": '[limits]\nchanges = "50"',
    "limits.blanked: input should be greater than or equal to 0": "[limits]\nblanked = -1",
    "limits.percent_of_members: input should be less than": "[limits]\npercent_of_members = 200",
    "limits.one_field_percent: input should be a finite": "[limits]\none_field_percent = nan",
    "fields.cost: nothing asks the HR system for the field costCentre; did you mean costCenter?": (
        "[people]\nhr_fields = ['costCenter']\n[fields.cost]\nsql = \"hr_fields->>'costCentre'\""
    ),
    "groups.finance: nothing asks the HR system for the field team; add team to people.hr_fields": (
        GROUP + "where = \"coalesce(people.hr_fields->>'$.team', '') = 'x'\""
    ),
    "groups.finance: nothing asks the HR system for the field badge": (
        GROUP + "sql = \"select person_id from people where (hr_fields->'badge') is not null\""
    ),
    "people.where: nothing asks the HR system for the field badge": (
        "[people]\nwhere = \"(hr_fields->>'badge') = '7'\""
    ),
    "groups.finance: it reads hr_fields without the name of a field; write (hr_fields->>'name')": (
        GROUP + "where = \"hr_fields->'badge' = '7'\""
    ),
    "it is not TOML": "[people\n",
}


@pytest.mark.parametrize("said", REFUSED)
def test_a_wrong_entry_is_one_sentence(folder, said):
    """A wrong entry names the file, the place, what is wrong, and what to do."""
    path = write(folder, REFUSED[said])

    with pytest.raises(Misconfigured) as refused:
        read_rules(TARGET)

    sentence = f"{refused.value}; {refused.value.next}"
    assert sentence.startswith(str(path)) and "\n" not in sentence
    assert said in sentence.replace(f"{path} ", f"{path}: ").split(f"{path}: ")[1]


@pytest.mark.parametrize(
    ("target", "said"), [("pingon", "did you mean pingone?"), (TARGET, "there is no such file")]
)
def test_a_target_that_nobody_knows_is_refused(folder, target, said):
    """A file is named for a system that Rollcall knows, and must be there."""
    with pytest.raises(Misconfigured) as refused:
        read_rules(target)

    assert said in f"{refused.value}; {refused.value.next}"
    assert f"{target}.toml" in str(refused.value)


def test_the_digest_is_of_the_rules_alone(folder):
    """Comments, order and written-out defaults leave the digest as it is; a rule does not."""
    write(folder, FULL)
    digest = read_rules(TARGET).digest("tenant")

    *first, last = FULL.split("[groups.sales]")
    write(folder, f"# why\n[groups.sales]{last}\n[notify]\nwhen = 'changes'\n{''.join(first)}")
    assert digest == read_rules(TARGET).digest("tenant")
    assert digest != read_rules(TARGET).digest("another tenant")

    for old, new in (("changes = 50", "changes = 51"), ("'Finance'", "'finance'")):
        write(folder, FULL.replace(old, new))
        assert digest != read_rules(TARGET).digest("tenant"), new


def test_the_digest_belongs_to_the_target(folder):
    """The same rules for another target have another digest."""
    write(folder, FULL)
    write(folder, FULL, "haloitsm")

    assert read_rules(TARGET).digest("tenant") != read_rules("haloitsm").digest("tenant")


def test_all_files_together_ask_the_hr_system(folder):
    """Fields and queries of all targets are asked for once, and those of an editor are not."""
    write(folder, FULL)
    people = "[people]\ndays_after_end = 3\n"
    rules = '[fields.team]\nfield = "title"\n[groups.a]\nname = "A"\ncarrot = "b"\nadopt = "g1"'
    write(folder, people + rules, "haloitsm")
    write(folder, "[not yet", ".#pingone")

    attributes = {"haloitsm": ("team",), TARGET: ("team", "title")}
    groups = {"haloitsm": ("g1",), TARGET: ()}
    fields, queries = ("costCenter", "team.name", "title"), ("b", "department:sales")
    wanted = Asked(fields, queries, attributes, groups, days_before_start=0, days_after_end=3)
    assert wanted == find_asked()


def test_without_rules_nothing_is_asked(folder, monkeypatch):
    """Without a folder no rule asks for anything; a folder that is named must be there."""
    monkeypatch.delenv("PUSH__FOLDER")
    monkeypatch.chdir(folder)
    assert Asked() == find_asked()

    monkeypatch.setenv("PUSH__FOLDER", str(folder / "pusch"))
    with pytest.raises(Misconfigured, match="PUSH__FOLDER: there is no folder"):
        find_asked()
