"""The names and the formats of the files that hold a packet together.

The manifest has the digest of every file of evidence, the attestation has the digest of the
manifest, `SHA256SUMS` has all of them in the form of `sha256sum -c`, and its signature has the last
word. This module needs nothing but Python, because an auditor may have nothing else.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

FORMAT_1, FORMAT_2 = "rollcall review packet 1", "rollcall review packet 2"
PACKET_FORMAT = FORMAT_2
MANIFEST, ATTESTATION, SUMS, SIGNATURE = (
    *("manifest.json", "attestation.txt"),
    *("SHA256SUMS", "SHA256SUMS.sig"),
)
# The files that no manifest lists, by the format of the packet
UNLISTED = {FORMAT_1: (MANIFEST, ATTESTATION), FORMAT_2: (MANIFEST, ATTESTATION, SUMS, SIGNATURE)}
OPTIONAL = (SIGNATURE,)


def attestation_text(manifest: str) -> str:
    """Return the attestation of this manifest, in the form of the manifest's own format."""
    from pipelines.review.packet import attestation, attestation_1

    is_first = json.loads(manifest)["format"] == FORMAT_1
    return (attestation_1 if is_first else attestation).attestation_text(manifest)


def sums_text(files: list[dict[str, Any]], manifest: str, attestation: str) -> str:
    """Return the content of SHA256SUMS: every file but itself and its signature, by name."""
    digests = {entry["name"]: entry["sha256"] for entry in files}
    for name, text in ((MANIFEST, manifest), (ATTESTATION, attestation)):
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
