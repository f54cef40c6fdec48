"""One dev environment: a page on its port."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.web import Answer, Server, page
else:
    from web import Answer, Server, page


def respond(_method: str, _path: str, _body: bytes) -> Answer:
    return page(sys.argv[sys.argv.index("--name") + 1])


if __name__ == "__main__":
    Server("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]), respond).serve_forever()
