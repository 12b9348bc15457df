"""The output of commands: results on stdout, the rest on stderr, and an exit code for cron."""

from __future__ import annotations

import json

import pytest

from pipelines import __version__
from tests.sandbox.server import Fault, Response
from tests.support.product import Rollcall

KEYS = {"what", "why", "effect", "next", "code"}


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    """Return Rollcall with a warehouse of the invented company."""
    return rollcall.has(published)


def denied(rollcall: Rollcall) -> None:
    rollcall.sandbox.charthop.faults = [
        Fault(lambda request: True, lambda request, honest: Response(401), times=99)
    ]


@pytest.mark.parametrize("verb", ["check", "export", "status"])
def test_with_json_stdout_is_one_document_and_stderr_is_empty(company, verb):
    """With --json, stdout is one document and stderr is empty."""
    result = company.run(verb, "--json")

    assert (0, "", dict) == (result.code, result.err, type(result.document))
    assert result.out == json.dumps(result.document, indent=2) + "\n"


@pytest.mark.parametrize("verb", ["sync", "export", "status"])
@pytest.mark.parametrize("flags", [[], ["--quiet"], ["--json"]], ids=str)
def test_a_failure_says_what_why_effect_and_next(rollcall, verb, flags):
    """A failure says what happened, why, the effect and the next step.

    Nothing is configured, and nothing is published.
    """
    rollcall.environment = {"WAREHOUSE": str(rollcall.warehouse)}

    result = rollcall.run(verb, *flags)

    assert 2 == result.code
    if "--json" not in flags:
        assert "" == result.out
        assert "  next: " in result.err and "  effect: nothing is published" in result.err
        return
    assert "" == result.err
    [failure] = result.document["failures"]
    assert failure.keys() == KEYS and all(failure.values())
    assert 2 == failure["code"] == result.document["code"]


def test_a_sync_that_fails_tells_it_in_one_document_too(company):
    """With --json, a failed sync is one document too, with the failure and its effect."""
    denied(company)

    result = company.run("sync", "charthop", "--json")

    assert (3, "") == (result.code, result.err)
    document = result.document
    assert (3, False, "failed") == (
        document["code"],
        document["published"],
        document["sources"][0]["status"],
    )
    [failure] = document["failures"]
    assert failure.keys() == KEYS and all(failure.values())
    assert "published data is unchanged" in failure["effect"]
    assert "haloitsm" in failure["effect"]


def test_check_prints_every_finding_and_its_code(rollcall):
    """`check` prints every finding, writes nothing, and exits with the code of the failure."""
    denied(rollcall)

    result = rollcall.run("check", "--json")

    assert (3, 3, "") == (result.code, result.document["code"], result.err)
    found = {(finding["source"], finding["verdict"]) for finding in result.document["findings"]}
    assert {("charthop", "fail"), ("haloitsm", "ok"), ("pingone", "ok")} <= found
    assert not rollcall.warehouse.parent.exists()
    quiet = rollcall.run("check", "--quiet")
    assert 3 == quiet.code
    assert all(not line.startswith("ok") for line in quiet.out.splitlines())


@pytest.mark.parametrize("kind", ["user", "group", "application"])
def test_check_names_the_right_to_read_roles(rollcall, kind):
    """`check` names the missing right to read role assignments, whoever holds the roles."""
    pingone = rollcall.sandbox.company.pingone
    right = f"permissions:read:{kind}RoleAssignments"
    pingone.clients[pingone.client_id].missing_permissions = {right}
    result = rollcall.run("check", "pingone")

    assert 3 == result.code and 1 == result.out.count("fail ")
    assert right in result.out


def test_check_prints_what_a_write_credential_may_do(rollcall):
    """`check` prints what a write credential may do, and changes nothing."""
    writing = rollcall.sandbox.write_environment()
    pingone, halo = rollcall.sandbox.company.pingone, rollcall.sandbox.company.haloitsm
    key = writing["PROVISION__PINGONE__CLIENT_ID"]
    pingone.applications[key] = {"id": key, "name": "Writer", "type": "WORKER", "enabled": True}
    pingone.touch()

    def found() -> dict[str, tuple[str, str]]:
        result = rollcall.run("check", "pingone", "haloitsm", "--json", **writing)
        findings = result.document["findings"]
        return {one["source"] + one["what"]: (one["verdict"], one["why"]) for one in findings}

    verdict, why = found()["pingonewrite: rights"]
    assert "warn" == verdict and "dir:create:groupMembership" in why and "delete:user" not in why
    [role] = [one for one in pingone.roles.values() if one["name"] == "Identity Data Admin"]
    kinds = ("user", "groupMembership", "userRoleAssignments")
    verbs = ("dir:create", "dir:update", "dir:delete", "permissions:update")
    role["permissions"] = [{"id": f"{verb}:{kind}"} for verb in verbs for kind in kinds]
    pingone.assign_role(key, role["id"], "ENVIRONMENT", pingone.environment_id)
    assert ("ok", True) == (
        found()["pingonewrite: rights"][0],
        "Identity Data Admin" in found()["pingonewrite: rights"][1],
    )
    assert "ok" == found()["pingonewrite: roles of groups"][0]
    pingone.clients[key].missing_permissions = {"permissions:read:groupRoleAssignments"}
    result = rollcall.run("check", "pingone", **writing)
    assert 0 == result.code and "no role can be revoked" in result.out
    assert "next: give the write credential the permission permissions:read:groupRole" in result.out
    pingone.switches.permissions_have_ids = False
    pingone.touch()
    verdict, why = found()["pingonewrite: rights"]
    assert "warn" == verdict and "does not list what its roles permit" in why
    assert ("ok", "it is agent 3") == found()["haloitsmwrite: the application's agent"]
    assert "tickettype_id 3" in found()["haloitsmwrite: what a ticket is made of"][1]
    del halo.desk.statuses[24]
    verdict, why = found()["haloitsmwrite: what a ticket is made of"]
    assert "fail" == verdict and "no entry is named Closed; known: Cancelled" in why
    assert {} == halo.desk.tickets and not any(
        method != "GET" and not path.endswith("/token")
        for server in (rollcall.sandbox.pingone, rollcall.sandbox.haloitsm)
        for method, path, *_ in server.log
    )


@pytest.mark.parametrize(("mode", "verdict"), [(0o644, "warn"), (0o640, "warn"), (0o600, "ok")])
def test_check_warns_of_credentials_that_others_can_read(rollcall, mode, verdict):
    """`check` warns of a settings file that other users can read, without printing its secrets."""
    secrets = rollcall.home / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text('[sources.pingone]\nclient_secret = "kept-in-a-file"\n')
    secrets.chmod(mode)

    result = rollcall.run("check", "charthop", "--json")

    [found] = [one for one in result.document["findings"] if one["source"] == "settings"]
    assert (verdict, 0) == (found["verdict"], result.code)
    assert f"{mode:04o}" in found["why"] and "kept-in-a-file" not in result.out
    assert (verdict == "warn") == (found["next"] == "chmod 600 .dlt/secrets.toml")


def test_status_tells_the_last_run_the_age_and_the_rows(company):
    """`status` shows each source's last run, its age and the number of rows."""
    status = company.run("status", "--json").document

    assert status["rows"]["grants"] == len(company.rows("from grants"))
    runs = {row["source_name"]: row for row in company.rows("from runs")}
    for source in status["sources"]:
        run = runs[source["source_name"]]
        assert (run["run_id"], run["requests"]) == (source["last_run_id"], source["requests"])
    said = company.run("status").out
    assert "pingone" in said and " min ago" in said and "STALE" not in said


@pytest.mark.parametrize("arguments", [["synch"], ["sync", "--ful1"], ["export", "--out"]])
def test_wrong_usage_is_2_and_goes_to_stderr(rollcall, arguments):
    """Wrong usage exits with 2 and is explained on stderr."""
    result = rollcall.run(*arguments)

    assert (2, "", True) == (result.code, result.out, "usage: rollcall" in result.err)


def test_the_version_is_a_result(rollcall):
    """--version prints its result on stdout."""
    assert f"rollcall {__version__}\n" == rollcall.run("--version").out
