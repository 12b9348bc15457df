"""A server of the sandbox over TLS, with a certificate that is made for the test."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.sandbox.server import Server


def serve_tls(server: Server, folder: Path, host: str, days: int) -> str:
    """Serve over TLS with a certificate of `host` that ends in so many days, and return its path.

    No authority signed the certificate; a client that is given the file trusts it.
    """
    key, name = ec.generate_private_key(ec.SECP256R1()), "rollcall test"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days))
    made = made.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False
    )
    authority = x509.BasicConstraints(ca=True, path_length=None)
    signed = made.add_extension(authority, True).sign(key, hashes.SHA256())
    pem = folder / "certificate.pem"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, folder / "key.pem")
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    return str(pem)
