"""Sign SHA256SUMS with an SSH key, and check the signature: `ssh-keygen -Y`.

Whoever holds the key vouches for every file of the packet, because SHA256SUMS has all digests. A
digest that was noted elsewhere proves as much; a signature also says who.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text
from pipelines.review.packet.layout import SIGNATURE, SUMS

NAMESPACE = "rollcall"  # a signature for another purpose is none for a packet
SETTING = "REVIEW__SIGNING_KEY"
SECONDS = 30  # a key on a token may wait for a finger
NO_PROGRAM = "ssh-keygen is not installed here"


class CannotRun(Exception):
    """ssh-keygen is missing, too old, or does not answer."""


def check_key(key: Path) -> None:
    """Sign something else with a key, to learn before a long command whether it can. Raises
    Misconfigured."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / SUMS).write_bytes(b"")
        sign(key, Path(folder))


def sign(key: Path, folder: Path) -> None:
    """Write the signature of a packet's SHA256SUMS beside it.

    Raises Misconfigured for a key that cannot be read or has a passphrase, and without ssh-keygen.
    """
    what = f"{SETTING} ({key})"
    if not key.is_file():
        raise Misconfigured(what, "there is no such file", f"correct {SETTING}, or unset it")
    (folder / SIGNATURE).unlink(missing_ok=True)
    try:
        ended = _run("sign", "-f", str(key), "-n", NAMESPACE, str(folder / SUMS))
    except CannotRun as error:
        remedy = f"install OpenSSH 8.1 or newer, or unset {SETTING}"
        raise Misconfigured(what, str(error), remedy) from None
    if ended.returncode or not (folder / SIGNATURE).is_file():
        (folder / SIGNATURE).unlink(missing_ok=True)
        raise Misconfigured(what, *_explain(ended.stderr))
    (folder / SIGNATURE).chmod(0o600)


def _explain(stderr: str) -> tuple[str, str]:
    """Return why a key did not sign, and what to do."""
    if "passphrase" in stderr:
        return (
            "the key has a passphrase, which nobody is asked for here",
            "load the key into ssh-agent and name its public key (.pub), or use a key without",
        )
    if "UNPROTECTED" in stderr or "too open" in stderr:
        return "others can read the key", "run `chmod 600` on it"
    last = stderr.strip().splitlines()[-1:] or ["no reason was given"]
    return f"ssh-keygen did not sign: {redact_text(last[0])}", f"correct {SETTING}, or unset it"


def verify_signature(folder: Path, allowed_signers: Path) -> tuple[str, str]:
    """Return who signed a packet, or why no allowed signer did; one of the two texts is empty.

    Raises Misconfigured if the file of allowed signers or ssh-keygen is missing.
    """
    what = "--allowed-signers"
    if not allowed_signers.is_file():
        raise Misconfigured(what, f"there is no file {allowed_signers}", "name the file")
    signature = folder / SIGNATURE
    if not signature.is_file():
        return "", "the packet has no signature"
    content = (folder / SUMS).read_bytes()
    common = ("-s", str(signature), "-f", str(allowed_signers))
    try:
        found = _run("find-principals", *common)
        who = found.stdout.splitlines()[:1]
        if found.returncode or not who:
            return "", "nobody of the allowed signers made the signature"
        ended = _run("verify", *common, "-n", NAMESPACE, "-I", who[0], content=content)
    except CannotRun as error:
        raise Misconfigured(what, str(error), "install OpenSSH 8.1 or newer") from None
    if ended.returncode:
        return "", "the signature is not one of these SHA256SUMS"
    return who[0], ""


def _run(
    verb: str, *arguments: str, content: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ssh-keygen without a terminal, so that it never asks anybody. Raises CannotRun."""
    environment = {name: value for name, value in os.environ.items() if name != "SSH_ASKPASS"}
    environment |= {"LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        ended = subprocess.run(
            ["ssh-keygen", "-Y", verb, *arguments],
            input=content or b"",
            capture_output=True,
            env=environment,
            start_new_session=True,
            timeout=SECONDS,
        )
    except FileNotFoundError:
        raise CannotRun(NO_PROGRAM) from None
    except subprocess.TimeoutExpired:
        raise CannotRun(f"ssh-keygen did not answer within {SECONDS} s") from None
    except OSError as error:
        raise CannotRun(f"ssh-keygen cannot be run: {error.strerror}") from None
    out, err = (text.decode(errors="replace") for text in (ended.stdout, ended.stderr))
    if "unknown option" in err or "illegal option" in err:
        raise CannotRun("this ssh-keygen is older than OpenSSH 8.1")
    return subprocess.CompletedProcess(ended.args, ended.returncode, out, err)
