"""Bugs in docs/deploy/, and in what a container asks of Rollcall."""

from __future__ import annotations

from tests.planted.bug import Bug

HARDENING = "docs/deploy/systemd/rollcall-.service.d/hardening.conf"
SYNC = "docs/deploy/kubernetes/sync.yaml"

BUGS = [
    Bug(
        "as the first process, a signal is ignored",
        "pipelines/__main__.py",
        "        if signal.getsignal(number) is not signal.SIG_IGN:",
        "        if False:",
        "tests/deploy/test_pid_one.py",
    ),
    Bug(
        "a service keeps its capabilities",
        HARDENING,
        "CapabilityBoundingSet=\nPrivateUsers=yes\n",
        "",
        "tests/deploy/test_systemd.py -k hardened",
    ),
    Bug(
        "an entry of a unit is misspelt",
        HARDENING,
        "LockPersonality=",
        "LockPersonalty=",
        "tests/deploy/test_systemd.py -k accepts",
    ),
    Bug(
        "a missed run of the timer is not made up for",
        "docs/deploy/systemd/rollcall-sync.timer",
        "Persistent=true\n",
        "",
        "tests/deploy/test_systemd.py -k missed_run",
    ),
    Bug(
        "a pod can write into its image",
        SYNC,
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "tests/deploy/test_manifests.py -k no_more_than",
    ),
    Bug(
        "a pod may gain privileges",
        SYNC,
        "allowPrivilegeEscalation: false",
        "allowPrivilegeEscalation: true",
        "tests/deploy/test_manifests.py -k restricted",
    ),
    Bug(
        "runs of a CronJob overlap",
        SYNC,
        "concurrencyPolicy: Forbid",
        "concurrencyPolicy: Allow",
        "tests/deploy/test_manifests.py -k overlap",
    ),
    Bug(
        "a secret of the manifests has another name than its file",
        "docs/deploy/kubernetes/settings.yaml",
        "  okta_api_token:",
        "  okta_token:",
        "tests/deploy/test_settings.py -k same_settings",
    ),
    Bug(
        "every service has the write credential",
        "docs/deploy/systemd/rollcall-sync.service",
        "Type=oneshot\n",
        "Type=oneshot\nEnvironment=PROVISION__OKTA__API_TOKEN_FILE=%d/okta_write_token\n",
        "tests/deploy/test_settings.py -k something_is_written",
    ),
]
