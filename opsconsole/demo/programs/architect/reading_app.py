"""The reading app: HTTPS with a self-signed certificate."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.web import Answer, Server, page
else:
    from web import Answer, Server, page

CERTIFICATE = Path(__file__).resolve().parent / "localhost.pem"


def respond(_method: str, path: str, _body: bytes) -> Answer:
    return page("Eden") if path.startswith("/reading/") else Answer(404, b"not found", "text/plain")


def main() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    Server("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]), respond, tls=tls).serve_forever()


if __name__ == "__main__":
    main()
