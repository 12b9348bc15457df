"""The manifests of docs/deploy/kubernetes/, against the schemas and the rules of Kubernetes."""

from __future__ import annotations

import pytest

from tests.deploy.test_settings import find_documents, find_pods

KUBERNETES = "1.37"


@pytest.fixture(scope="module")
def validate():
    """Return the function that checks a manifest against the schemas of Kubernetes."""
    schemas = pytest.importorskip(
        "kubernetes_validate", reason="install .ci/kubernetes.lock to check the manifests"
    )
    return lambda document: schemas.validate(document, KUBERNETES, strict=True)


def test_the_manifests_fit_the_schemas(validate):
    """Every manifest is one of Kubernetes, and a misspelt or misplaced name would be refused."""
    documents = find_documents()
    for document in documents:
        validate(document)

    [job] = [one for one in documents if one["metadata"]["name"] == "rollcall-sync"]
    job["spec"]["concurencyPolicy"] = job["spec"].pop("concurrencyPolicy")
    with pytest.raises(Exception, match="concurencyPolicy"):
        validate(job)


def test_every_reference_leads_somewhere():
    """A pod names only maps, secrets and claims of these files; two maps of rules are optional."""
    there = {(one["kind"], one["metadata"]["name"]) for one in find_documents()}
    for pod in find_pods().values():
        [container] = pod["containers"]
        named = {("ConfigMap", one["configMapRef"]["name"]) for one in container["envFrom"]}
        for volume in pod["volumes"]:
            if claim := volume.get("persistentVolumeClaim"):
                named.add(("PersistentVolumeClaim", claim["claimName"]))
            elif secret := volume.get("secret"):
                named.add(("Secret", secret["secretName"]))
            elif projected := volume.get("projected"):
                named |= {("Secret", one["secret"]["name"]) for one in projected["sources"]}
            else:
                assert volume["configMap"]["optional"]
        assert named <= there
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
    namespaces = {one["metadata"].get("namespace") for one in find_documents()}
    assert {"rollcall", None} == namespaces  # the namespace itself is in none


@pytest.mark.parametrize("name", [*find_pods()])
def test_a_pod_meets_the_restricted_standard(name):
    """Each rule of the pod security standard "restricted", which the namespace enforces."""
    pod = find_pods()[name]
    [container] = pod["containers"]
    of_pod, own = pod["securityContext"], container["securityContext"]

    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
    assert "ports" not in container and "privileged" not in own
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"persistentVolumeClaim", "secret", "projected", "configMap"}
    assert of_pod["runAsNonRoot"] and of_pod["runAsUser"] > 0
    assert {"type": "RuntimeDefault"} == of_pod["seccompProfile"]
    assert False is own["allowPrivilegeEscalation"] and ["ALL"] == own["capabilities"]["drop"]
    [namespace] = [one for one in find_documents() if one["kind"] == "Namespace"]
    assert "restricted" in namespace["metadata"]["labels"].values()


@pytest.mark.parametrize("name", [*find_pods()])
def test_a_pod_can_do_no_more_than_it_must(name):
    """Beyond the standard: nothing to write to but the volume, no token of the cluster, a limit."""
    pod = find_pods()[name]
    [container] = pod["containers"]

    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert False is pod["automountServiceAccountToken"] is pod["enableServiceLinks"]
    writable = [mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert ["data"] == writable
    assert "memory" in container["resources"]["limits"]
    [secrets] = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
    assert 0o440 == secrets.get("secret", secrets.get("projected"))["defaultMode"]
    assert not [one for one in container.get("env", []) if not one["name"].endswith("_FILE")]


def test_runs_do_not_overlap_and_are_not_repeated():
    """A run that is late is skipped while another one is at work; a failure waits for the next."""
    jobs = [one["spec"] for one in find_documents() if one["kind"] == "CronJob"]

    assert {"Forbid"} == {job["concurrencyPolicy"] for job in jobs}
    assert {0} == {job["jobTemplate"]["spec"]["backoffLimit"] for job in jobs}
    [watch] = [one["spec"] for one in find_documents() if one["kind"] == "Deployment"]
    assert (1, "Recreate") == (watch["replicas"], watch["strategy"]["type"])


def test_the_network_is_closed_but_for_names_and_https():
    """Nothing can connect to a pod, and a pod can connect to DNS and to port 443 only."""
    [policy] = [one["spec"] for one in find_documents() if one["kind"] == "NetworkPolicy"]

    assert ({}, []) == (policy["podSelector"], policy["ingress"])
    assert {"Ingress", "Egress"} == {*policy["policyTypes"]}
    ports = [
        (port["protocol"], port["port"]) for rule in policy["egress"] for port in rule["ports"]
    ]
    assert [("UDP", 53), ("TCP", 53), ("TCP", 443)] == ports
    assert all("to" in rule for rule in policy["egress"] if rule["ports"][0]["port"] == 53)
