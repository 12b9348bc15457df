"""The settings of docs/deploy/: the same for each way, with names that Rollcall knows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from pipelines import settings
from pipelines.__main__ import _parser
from pipelines.sources import registry, source_names
from tests.deploy import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
LINES = re.compile(r"^Environment=(\w+)=(.*)$", re.M)


def find_documents() -> list[dict]:
    """Return every document of the manifests."""
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def find_pods() -> dict[str, dict]:
    """Return the specification of the pods by the name of their CronJob or Deployment."""
    found = {}
    for document in find_documents():
        if document["kind"] in ("CronJob", "Deployment"):
            spec = document["spec"]
            spec = spec.get("jobTemplate", {}).get("spec", spec)
            found[document["metadata"]["name"]] = spec["template"]["spec"]
    return found


def read_unit_settings(path: Path) -> dict[str, str]:
    """Return the settings of a unit, with the folder of its credentials as in a container."""
    return {
        name: value.replace("%d/", "/run/secrets/")
        for name, value in LINES.findall(path.read_text())
    }


def test_each_way_has_the_same_settings():
    """The container, the units and the manifests have the same settings, and the same secrets."""
    lines = (DEPLOY / "container.env").read_text().splitlines()
    container = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    units = DEPLOY / "systemd" / "rollcall-.service.d" / "settings.conf"
    [settings_map] = [one for one in find_documents() if one["kind"] == "ConfigMap"]

    assert container == read_unit_settings(units) == settings_map["data"]
    files = {value.split("/")[-1] for name, value in container.items() if name.endswith("_FILE")}
    loaded = re.findall(r"^LoadCredential=(\w+):/etc/rollcall/(\w+)$", units.read_text(), re.M)
    assert [(name, name) for name in sorted(files)] == sorted(loaded)
    secrets = {one["metadata"]["name"]: one for one in find_documents() if one["kind"] == "Secret"}
    assert files == set(secrets["rollcall"]["stringData"])
    assert {"okta_write_token"} == set(secrets["rollcall-write"]["stringData"])


def test_the_settings_configure_every_source(tmp_path, monkeypatch):
    """With its secrets in place, each source is configured, and no name is wrong."""
    write = read_unit_settings(DEPLOY / "systemd" / "rollcall-push.service")
    units = read_unit_settings(DEPLOY / "systemd" / "rollcall-.service.d" / "settings.conf")
    for name, value in (units | write).items():
        secret = tmp_path / Path(value).name
        if name.endswith("_FILE"):
            secret.write_text("a secret\n")
        monkeypatch.setenv(name, str(secret) if name.endswith("_FILE") else value)

    settings.check_names()

    assert source_names() == registry.configured_sources()
    assert {"PROVISION__OKTA__API_TOKEN_FILE"} == write.keys()


def test_write_credentials_are_where_something_is_written():
    """Only what pushes is given a write credential, and time to finish the change at hand."""
    writing = {path.stem for path in UNITS if "PROVISION" in path.read_text()}
    pods = {name: pod for name, pod in find_pods().items() if "write" in str(pod["volumes"])}

    assert {"rollcall-push", "rollcall-watch"} == writing == {*pods}
    assert all(pod["terminationGracePeriodSeconds"] >= 900 for pod in pods.values())
    units = [path.read_text() for path in UNITS if path.stem in writing]
    assert all("TimeoutStopSec=15min" in text for text in units)


def test_every_command_is_one_of_rollcall():
    """Units and manifests call verbs and flags that exist, and the same ones."""
    started = {}
    for path in UNITS:
        [line] = re.findall(r"^ExecStart=(.*)$", path.read_text(), re.M)
        program, flag, project, *started[path.stem] = shlex.split(line)
        assert "/opt/rollcall/.venv/bin/rollcall" == program
        assert ("--project-dir", "/var/lib/rollcall") == (flag, project)
    pods = {name: pod["containers"][0]["args"] for name, pod in find_pods().items()}

    for arguments in started.values():
        _parser().parse_args(arguments)
    del started["rollcall-check"]
    assert started == pods


@pytest.mark.parametrize("name", ["rollcall-push", "rollcall-watch"])
def test_pods_differ_where_they_must(name):
    """A pod that pushes is the pod of the sync, with another command and a write credential."""

    def find_rest(pod: dict) -> dict:
        [container], volumes = pod["containers"], pod["volumes"]
        return {
            **{key: pod[key] for key in pod if key not in ("restartPolicy", "containers")},
            "container": {key: container[key] for key in container if key not in ("args", "env")},
            "volumes": [one for one in volumes if one["name"] != "secrets"],
            "terminationGracePeriodSeconds": None,
        }

    pods = find_pods()
    assert find_rest(pods["rollcall-sync"]) == find_rest(pods[name])
