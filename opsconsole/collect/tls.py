"""How a TLS peer is trusted: by the usual authorities, by one authority's file, by one fingerprint, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.config.types import TlsTable

if TYPE_CHECKING:
    import ssl


class TlsRefused(Exception):
    """Why a peer, or a setting, is not trusted; one line for people."""


def context_of(tls: TlsTable | None) -> ssl.SSLContext:
    """A new context for this setting, some 20 ms of work: make it once. Raises TlsRefused for a useless ``ca`` file."""
    import ssl

    if tls is not None and tls.verify and tls.ca is not None:
        try:
            return ssl.create_default_context(cafile=str(tls.ca))
        except ssl.SSLError:
            raise TlsRefused(f"ca file {tls.ca}: no certificate in it") from None
        except (OSError, ValueError) as error:
            raise TlsRefused(f"ca file {tls.ca}: {getattr(error, 'strerror', None) or error}") from None
    if tls is not None and (tls.fingerprint or not tls.verify):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    import httpx

    # The bundled authorities, where the system brings none, and the system's own, for a company's.
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def check_fingerprint(tls: TlsTable | None, peer: object) -> None:
    """Raises TlsRefused unless the peer's certificate (DER) is the one that the setting names, if it names one."""
    if tls is None or not tls.fingerprint:
        return
    import hashlib
    import ssl

    wanted = tls.fingerprint.lower().removeprefix("sha256:").replace(":", "")
    certificate = peer.getpeercert(binary_form=True) if isinstance(peer, ssl.SSLObject | ssl.SSLSocket) else None
    if not certificate:
        raise TlsRefused("the server showed no certificate to compare with the fingerprint")
    found = hashlib.sha256(certificate).hexdigest()
    if found != wanted:
        raise TlsRefused(f"the certificate's fingerprint is sha256:{found}, not the configured one")
