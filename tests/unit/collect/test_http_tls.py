"""How TLS peers are trusted, against a real server with a self-signed certificate."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from opsconsole.collect.http import Answer, HttpClient
from opsconsole.config.types import TlsTable
from tests.unit.collect.web_server import reply, serving


async def ask(url: str, tls: TlsTable | None = None) -> Answer:
    client = HttpClient()
    try:
        return await client.ask(url, 5.0, tls)
    finally:
        await client.close()


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A self-signed one for 127.0.0.1, with its key in the same file."""
        path = tmp_path / "server.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"),
                *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", tmp_path / "cert.pem"),
            ],
            check=True,
            capture_output=True,
        )
        path.write_bytes(path.read_bytes() + (tmp_path / "cert.pem").read_bytes())
        return path

    @pytest.fixture
    def context(self, certificate: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return context

    def fingerprint(self, certificate: Path) -> str:
        pem = (certificate.parent / "cert.pem").read_text()
        return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    async def test_a_self_signed_certificate_is_refused_by_default(self, context: ssl.SSLContext) -> None:
        with serving(reply(b"x"), context) as url:
            answer = await ask(url)
        assert answer.status is None
        assert answer.tls_error
        assert answer.error.startswith("TLS: ")

    async def test_it_is_taken_with_verify_false(self, context: ssl.SSLContext) -> None:
        with serving(reply(b"x"), context) as url:
            assert (await ask(url, tls=TlsTable(verify=False))).status == 200

    async def test_it_is_taken_when_it_is_the_ca(self, context: ssl.SSLContext, certificate: Path) -> None:
        with serving(reply(b"x"), context) as url:
            assert (await ask(url, tls=TlsTable(ca=certificate.parent / "cert.pem"))).status == 200

    async def test_the_right_fingerprint_is_taken(self, context: ssl.SSLContext, certificate: Path) -> None:
        with serving(reply(b"x"), context) as url:
            assert (await ask(url, tls=TlsTable(fingerprint=self.fingerprint(certificate)))).status == 200

    async def test_from_https_no_redirect_leads_to_http(self, context: ssl.SSLContext) -> None:
        asked: list[str] = []
        with (
            serving(lambda request: asked.append(request.path)) as plain,
            serving(reply(status=302, location=f"{plain}/"), context) as url,
        ):
            answer = await ask(url, tls=TlsTable(verify=False))
        assert "redirects from https to http" in answer.error
        assert asked == []

    async def test_another_fingerprint_is_refused_before_anything_is_asked(self, context: ssl.SSLContext) -> None:
        asked: list[str] = []
        with serving(lambda request: asked.append(request.path), context) as url:
            answer = await ask(f"{url}/?token=secret", tls=TlsTable(fingerprint="sha256:" + "0" * 64))
        assert asked == []
        assert answer.status is None
        assert answer.tls_error
        assert "fingerprint" in answer.error
