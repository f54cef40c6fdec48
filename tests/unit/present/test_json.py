"""The documents of the command line: always JSON, whatever the machine holds."""

from __future__ import annotations

import json
import os

import msgspec

from opsconsole.model.identity import PaneId
from opsconsole.model.reading import ok
from opsconsole.present.json import encode, status_document
from tests.makers import AT, pane, session
from tests.samples import incident


def test_a_socket_whose_name_is_no_text_spoils_no_document() -> None:
    socket = os.fsdecode(b"/tmp/tmux-0/x\xff\x1b[31m")
    odd = session(panes=(msgspec.structs.replace(pane(10), id=PaneId(socket, 1, 2, "%0")),))
    snapshot = incident(sessions=ok((odd,), AT))
    document = json.loads(encode(status_document(snapshot)))
    assert document["sessions"]["items"][0]["panes"][0]["id"]["socket"] == "/tmp/tmux-0/x?\x1b[31m"
    assert document["services"]["state"] == "ok"
