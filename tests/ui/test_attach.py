"""The way to a session, and who may go."""

from __future__ import annotations

import pytest

from opsconsole.ui.actions import actions_by_id
from opsconsole.ui.attach import way_to
from opsconsole.ui.context import Context
from tests import makers


def test_inside_the_same_server_the_client_is_sent_and_elsewhere_the_terminal_is_lent() -> None:
    session = makers.session("work")
    target = session.panes[0].session_id
    inside = way_to(session, {"TMUX": f"{session.socket},700,0"})
    assert (inside.switches, inside.command[-3:]) == (True, ("switch-client", "-t", target))
    for environment in ({}, {"TMUX": "/tmp/tmux-1/other,700,0"}):
        outside = way_to(session, environment)
        assert (outside.switches, outside.command[-3:]) == (False, ("attach-session", "-t", target))


@pytest.mark.parametrize(
    ("context", "why_not"),
    [
        (Context(read_only=True, pane="sessions", on_row=True), "read-only"),
        (Context(read_only=False, pane="workers", on_row=True), "only on a session"),
        (Context(read_only=False, pane="sessions"), "no row selected"),
        (Context(read_only=False, pane="sessions", on_row=True), ""),
    ],
)
def test_watching_may_look_and_not_attach(context: Context, why_not: str) -> None:
    assert actions_by_id()["attach"].enabled(context) == why_not
    looking = actions_by_id()["log"].enabled(context)
    assert looking == {"workers": "no log configured"}.get(context.pane, "" if context.on_row else "no row selected")
