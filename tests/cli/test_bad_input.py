"""Bad input gets one clear message and the right exit code; nothing is published or lost."""

from __future__ import annotations

import json

import duckdb
import pytest

from pipelines import settings
from pipelines.settings import find_near_names
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import quick
from tests.support.product import Rollcall


def everywhere(_: Request) -> bool:
    return True


def path(part: str):
    return lambda request: part in request.path


def always(response: Response):
    return lambda request, honest: response


def instead(matches, response: Response, times: int = 10_000) -> Fault:
    return Fault(matches, always(response), times=times, before=True)


def failed(rollcall: Rollcall, code: int, *words: str, **settings: str) -> None:
    """Run a sync that fails with this code and these words, and publishes nothing."""
    before = rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else None
    result = rollcall.run("sync", **settings)
    assert code == result.code, result.err
    for word in words:
        assert word.lower() in result.err.lower()
    assert "Traceback" not in result.err
    assert before == (rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else None)


# ---- settings


@pytest.mark.parametrize(
    "name",
    [
        *("main.duckdb", "policy.duckdb", "Staging.duckdb", "raw_pingone.duckdb", "memory.db"),
        *("a'b.duckdb", 'a"b.duckdb', "a?b/access.duckdb", "a\nb.duckdb", ".duckdb"),
    ],
)
@pytest.mark.parametrize("verb", ["sync", "status"])
def test_a_warehouse_name_duckdb_confuses_is_refused(rollcall, verb, name):
    """A path that DuckDB or SQL would take for something else ends a command at once."""
    path = rollcall.home / name

    result = rollcall.run(verb, WAREHOUSE=str(path))

    assert (2, True) == (result.code, "WAREHOUSE" in result.err), result.err
    assert "Traceback" not in result.err
    assert not path.exists() and not path.parent.joinpath(f".{path.name}.work").exists()


def test_ordinary_warehouse_names_are_accepted(monkeypatch, tmp_path):
    """Letters of any alphabet, digits, blanks, dots and hyphens make a name."""
    for name in ("access.duckdb", "Zugänge 2026-q4.v1.duckdb", "o'neil/access.db", "warehouse"):
        monkeypatch.setenv("WAREHOUSE", str(tmp_path / name))
        assert tmp_path / name == settings.warehouse_path()


@pytest.mark.parametrize(
    "variable, words",
    [
        ("SOURCES__PINGONE__CLIENT_SECERT", "did you mean client_secret"),
        ("SOURCES__PINGUNE__CLIENT_SECRET", "did you mean pingone"),
    ],
)
def test_a_misspelt_setting_is_not_passed_over(rollcall, variable, words):
    """A misspelt variable is refused with the right name."""
    failed(rollcall, 2, variable, words, **{variable: "x"})


def test_a_misspelt_setting_in_a_file_is_not_passed_over(rollcall):
    """A misspelt setting in a file is refused with the right name."""
    (rollcall.home / ".dlt").mkdir()
    (rollcall.home / ".dlt" / "config.toml").write_text("[sources.pingone]\npage_sise = 5\n")

    result = rollcall.start("sync")

    said = result.communicate()[1]
    assert (2, True) == (result.returncode, "did you mean page_size?" in said)


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("SOURCES__PINGONE__REGION", "mars", "use com, ca, eu, asia, com.au, sg"),
        ("SOURCES__PINGONE__PAGE_SIZE", "many", "page_size"),
        ("SOURCES__PINGONE__BASE_URL", "http://api.example.com/v1", "https://"),
        ("SOURCES__PINGONE__BASE_URL", "https://user:secret@api.example.com/v1", "https://"),
        ("SOURCES__CHARTHOP__API_TOKEN", "two words\nand a line", "SOURCES__CHARTHOP__API_TOKEN"),
        ("REVIEW__OWNER", "nobody", "not an email address"),
        ("REVIEW__DORMANT_AFTER_DAYS", "ninety", "not a number of days"),
        ("GUARD__REMOVED_ROWS", "a few", "not a number"),
        ("MAX_AGE_HOURS", "a day", "not a number"),
        ("PROVISION__OKTA__UNASSIGN_APPS", "some", "true or false"),
    ],
)
def test_a_setting_that_cannot_be_is_named(rollcall, name, value, words):
    """A setting with an impossible value is named before any request is sent."""
    failed(rollcall, 2, words, **{name: value})
    assert not rollcall.sandbox.charthop.log


# ---- credentials and rights


def test_a_wrong_secret_costs_one_request_and_is_not_said(rollcall):
    """A wrong secret costs one request per source, and no message contains the secret."""
    failed(
        rollcall,
        3,
        "pingone",
        "401",
        SOURCES__PINGONE__CLIENT_SECRET="wrong-and-private",
        SOURCES__CHARTHOP__API_TOKEN="wrong-and-private",
        SOURCES__HALOITSM__CLIENT_SECRET="wrong-and-private",
        SOURCES__OKTA__API_TOKEN="wrong-and-private",
    )

    assert {1} == {len(server.log) for server in rollcall.sandbox.servers.values()}


def test_a_missing_right_is_named_by_sync_and_by_check(rollcall):
    """A missing permission is named by `check` and by `sync`."""
    company = rollcall.sandbox.company
    company.pingone.switches.missing_permissions = {"permissions:read:userRoleAssignments"}

    result = rollcall.run("check", "pingone")

    assert 3 == result.code
    assert "fail pingone: role assignments" in result.out
    assert "permissions:read:userRoleAssignments" in result.out
    assert "ok   pingone: users" in result.out

    result = rollcall.run("sync", "pingone")
    assert (3, True) == (result.code, "permissions:read:userRoleAssignments" in result.err)


def test_a_token_answer_without_a_token_is_refused(rollcall):
    """A token answer without an access token is refused."""
    rollcall.sandbox.pingone.faults = [instead(path("/as/token"), Response(200, {"scope": ""}))]

    result = rollcall.run("sync", "pingone")

    assert (3, True) == (result.code, "no access_token" in result.err)


# ---- answers with wrong content


@pytest.mark.parametrize("vendor", ["charthop", "haloitsm", "okta", "pingone"])
@pytest.mark.parametrize(
    "words, response",
    [
        ("web page", Response(200, b"<!doctype html><html>Sign in</html>")),
        ("expected", Response(200, {"error": "something went wrong"})),
        ("expected", Response(200, b"null")),
        ("expected", Response(200, [1, 2, 3])),
        ("expected", Response(204, b"")),
        ("not json", Response(200, b'{"data": [{"id": "1"')),
    ],
    ids=["web page", "error object", "null", "numbers", "no content", "cut"],
)
def test_an_answer_that_is_no_list_is_an_error(rollcall, vendor, words, response, monkeypatch):
    """An answer without a list fails the source; it is never taken for an empty list."""
    quick(monkeypatch)
    lists = {"charthop": "/v2/org", "haloitsm": "/api/", "okta": "/users", "pingone": "/users"}
    server = getattr(rollcall.sandbox, vendor)
    server.faults = [instead(path(lists[vendor]), response)]
    before = dict(rollcall.environment)
    rollcall.environment = {
        key: value
        for key, value in before.items()
        if not key.startswith("SOURCES__") or vendor.upper() in key
    }

    failed(rollcall, 4, vendor, words)
    assert server.faults[0].fired


@pytest.mark.parametrize("row", [{"name": "no id"}, {"id": None}, {"id": ""}, {"id": {"a": 1}}])
def test_a_row_without_its_id_fails_the_source(rollcall, row):
    """A row without its id fails the source."""
    rollcall.sandbox.charthop.faults = [
        instead(path("/v2/org/lanternfish/person"), Response(200, {"data": [row]}))
    ]

    result = rollcall.run("sync", "charthop")

    assert (4, True) == (result.code, "a row lacks the required field `id`" in result.err)


def test_one_id_with_two_rows_fails_the_source(rollcall):
    """Two different rows under one id fail the source, and the failure names the id."""
    rows = [{"id": "p1", "name.first": "Ann"}, {"id": "p1", "name.first": "Bob"}]
    rollcall.sandbox.charthop.faults = [
        instead(path("/v2/org/lanternfish/person"), Response(200, {"data": rows}))
    ]

    result = rollcall.run("sync", "charthop")

    assert (4, True) == (result.code, "p1" in result.err)


@pytest.mark.long
def test_optional_fields_and_unknown_words_break_nothing(rollcall):
    """New fields, missing optional fields and unknown words break nothing."""
    company = rollcall.sandbox.company
    for number, user in enumerate(company.pingone.users.values()):
        user |= {"brandNew": {"deep": [1, 2, {"x": None}]}, "mfaEnabled": "perhaps"}
        user["account"] = {"status": "HIBERNATING"} if number % 2 else {}
        for name in ("email", "name", "lastSignOn", "lifecycle"):
            if number % 3 == 0:
                user.pop(name, None)
    company.touch()

    rollcall.sync("pingone")

    assert len(company.pingone.users) == len(
        rollcall.rows("from accounts where account_id like 'pingone:user:%'")
    )
    assert not rollcall.rows(
        "from accounts where source_status = 'HIBERNATING' and status = 'disabled'"
    )


@pytest.mark.long
def test_ids_stay_text_whatever_the_vendor_makes_of_them(rollcall, published):
    """Ids are kept as text, whichever JSON type the vendor sends."""
    published.leave_parsed(rollcall.warehouse)
    rows = [
        {"id": "0012", "name.first": "A"},
        {"id": 12, "name.first": "B"},
        {"id": 123456789012345678901234, "name.first": "C"},
        {"id": 7.0, "name.first": "\ud800 half"},
    ]
    body = json.dumps({"data": rows}).encode()
    rollcall.sandbox.charthop.faults = [
        instead(path("/v2/org/lanternfish/person"), Response(200, body))
    ]

    rollcall.sync("charthop")

    assert ["0012", "12", "123456789012345678901234", "7"] == rollcall.column(
        "select source_account_id from accounts order by 1"
    )


# ---- the warehouse


def test_a_file_that_is_no_warehouse_is_left_alone(rollcall):
    """A file that is no DuckDB file is left unchanged."""
    rollcall.warehouse.parent.mkdir()
    rollcall.warehouse.write_text("my notes")

    failed(rollcall, 6, str(rollcall.warehouse), "duckdb")


def test_a_duckdb_file_of_something_else_is_left_alone(rollcall):
    """A DuckDB file of another program is left unchanged."""
    rollcall.warehouse.parent.mkdir()
    with duckdb.connect(str(rollcall.warehouse)) as other:
        other.execute("create table sales (amount int)")

    failed(rollcall, 2, "not a warehouse of Rollcall", "WAREHOUSE")


def test_a_write_ahead_log_beside_the_published_file_is_refused(rollcall, published):
    """A write-ahead log beside the published file is refused."""
    rollcall.has(published)
    rollcall.warehouse.with_name("access.duckdb.wal").write_bytes(b"x")

    failed(rollcall, 6, ".wal", "readonly")


@pytest.mark.parametrize("verb", ["sync", "status", "check", "export", "plan"])
def test_a_broken_settings_file_is_one_sentence(rollcall, verb):
    """A mistake in `.dlt/secrets.toml` names the file and the line, without a traceback."""
    secrets = rollcall.home / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text('[sources.charthop\napi_token = "hidden"\n', encoding="utf-8")

    result = rollcall.start(verb)
    out, err = result.communicate()

    assert (2, "") == (result.returncode, out)
    assert "secrets.toml: the file cannot be read: " in err and "line 1" in err
    assert "Traceback" not in err and "hidden" not in err


@pytest.mark.parametrize(
    ("text", "spelling", "remedy"),
    [
        ("[source.charthop]\napi_token = 'x'", "[source.charthop] api_token", "sources"),
        ("[review]\nowners = 'a@b.example'", "[review] owners", "owner"),
        ("[reviews]\nowner = 'a@b.example'", "[reviews] owner", "review"),
        ("[guard]\nadded_row = 5", "[guard] added_row", "added_rows"),
        ("warehose = 'x.duckdb'", "[warehose]", "warehouse"),
    ],
)
def test_a_misspelt_name_in_a_file_is_refused(rollcall, text, spelling, remedy):
    """A section or name that no setting has is refused with the nearest one."""
    secrets = rollcall.home / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(text + "\n", encoding="utf-8")

    result = rollcall.start("sync")
    _, err = result.communicate()

    assert 2 == result.returncode
    assert f"{spelling}: unknown" in err and f"did you mean {remedy}?" in err


@pytest.mark.parametrize("variable", ["REVIEW__OWNERS", "SOURCE__CHARTHOP__API_TOKEN"])
def test_a_misspelt_variable_is_refused(rollcall, variable):
    """A variable close to one of Rollcall's is refused; variables of other programs are ignored."""
    result = rollcall.run("status", **{variable: "x", "OTHER__NAME": "y"})

    assert (2, True) == (result.code, f"{variable}: unknown" in result.err)


NEAR = {
    "HEALTHCHECK_URL": "HEALTHCHECK__URL",
    "HEALTHCHECK_URL_FILE": "HEALTHCHECK__URL_FILE",
    "MAX_AGE_HOUR": "MAX_AGE_HOURS",
    "METRICS_FILE": "METRICS__FILE",
    "ROLLCALL_WAREHOUSE": "WAREHOUSE",
    "WAREHOSE": "WAREHOUSE",
}


def test_a_variable_close_to_a_setting_is_told(rollcall, monkeypatch):
    """A variable that is nearly a setting is ignored with a warning, never with its value."""
    for name in (*NEAR, "WAREHOUSE_DIR", "DATA_WAREHOUSE", "MAX_AGE", "URL_FILE"):
        monkeypatch.setenv(name, "a-secret")
    monkeypatch.delenv("WAREHOUSE", raising=False)

    told = find_near_names()
    ignored = "is ignored: no setting has this name; is it"
    assert [f"{variable} {ignored} {meant}?" for variable, meant in NEAR.items()] == told

    result = rollcall.run("status")
    assert f"warning: {told[0]}\n" in result.err and "a-secret" not in result.out + result.err
    monkeypatch.setenv("HEALTHCHECK__URL_FILE", "/etc/url")
    assert told[2:] == find_near_names()


@pytest.mark.long
def test_a_sync_tells_of_a_misspelt_variable(rollcall, published):
    """The warning stands below the line of the run, and does not change how the run ends."""
    synced = rollcall.has(published).sync("pingone", MAX_AGE_HOUR="1")

    ignored = "is ignored: no setting has this name; is it"
    assert f"  MAX_AGE_HOUR {ignored} MAX_AGE_HOURS?\n" == synced.err


# ---- remedies


@pytest.mark.parametrize(
    ("source", "secret", "page"),
    [
        ("charthop", "API_TOKEN", "Apps & Integrations"),
        ("haloitsm", "CLIENT_SECRET", "View Applications"),
        ("okta", "API_TOKEN", "Security > API > Tokens"),
        ("pingone", "CLIENT_SECRET", "worker application"),
    ],
)
def test_a_wrong_credential_names_setting_and_page(rollcall, source, secret, page):
    """`check` names the setting of a refused credential, and the vendor's page that shows it."""
    setting = f"SOURCES__{source.upper()}__{secret}"

    ended = rollcall.run("check", source, **{setting: "none-such-0123456789"})

    [remedy] = [line for line in ended.out.splitlines() if "next:" in line]
    assert 3 == ended.code
    assert all(words in remedy for words in (setting, page, f"`rollcall check {source}`")), remedy


@pytest.mark.parametrize("source", ["charthop", "haloitsm", "okta", "pingone"])
def test_a_wrong_address_names_its_setting(rollcall, source):
    """A host that cannot be reached, and a path that does not exist, name the address's setting."""
    setting = f"SOURCES__{source.upper()}__{'DOMAIN' if source == 'okta' else 'BASE_URL'}"
    quick(rollcall.patch)
    addresses = ["http://127.0.0.1:9"]
    if source != "haloitsm":  # which answers 401 there
        addresses.append(rollcall.environment[setting] + "/elsewhere")

    for address in addresses:
        ended = rollcall.run("check", source, **{setting: address})

        assert f"next: check {setting}" in ended.out, ended.out
