"""The stand-in's screens, against those captured from the real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.demo.programs.agent.screen import View, lines

TURNS = (("hello there", "Stub reply: hello from the stub server."),)


def view(state: str, draft: str = "") -> View:
    return View(name="s", cwd="/srv/cc/proj", turns=TURNS, state=state, draft=draft)


def test_idle_ends_as_the_captured_one() -> None:
    assert lines(view("idle"), 120, 40)[-4:] == [
        "─" * 120,
        "❯\u00a0",
        "─" * 120,
        "  ⏸ manual mode on · ? for shortcuts",
    ]


@pytest.mark.parametrize(
    ("state", "draft", "footer"),
    [
        ("idle", "a draft the user has not sent", "  ⏸ manual mode on"),
        ("working", "", "  ⏸ manual mode on · esc to interrupt"),
        ("working", "draft while working", "  ⏸ manual mode on"),
        ("hung", "", "  ⏸ manual mode on · esc to interrupt"),
        ("shell", "", "  ⏸ manual mode on · 1 shell · ↓ to manage"),
        ("waiting", "", " Esc to cancel · Tab to amend"),
    ],
)
def test_the_last_line_is_the_captured_one(state: str, draft: str, footer: str) -> None:
    shown = lines(view(state, draft), 120, 40)
    assert shown[-1] == footer
    assert (f"❯\u00a0{draft}" in shown) == (state != "waiting")


@given(
    st.sampled_from(["idle", "working", "hung", "waiting", "shell"]),
    st.text(max_size=20),
    st.integers(1, 200),
    st.integers(1, 60),
)
def test_it_fills_every_terminal_exactly(state: str, draft: str, width: int, height: int) -> None:
    shown = lines(view(state, draft), width, height)
    assert len(shown) == height
    assert all(len(line) <= width for line in shown)
