"""The first frame is drawn exactly when a full screen is about to open."""

from __future__ import annotations

import sys

import pytest

from opsconsole.cli import first_frame


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)


@pytest.mark.parametrize(
    "arguments",
    [[], ["watch"], ["--config", "x.toml"], ["--config", "x.toml", "watch"], ["--config=x.toml"]],
)
def test_for_the_console_and_watch(terminal: None, arguments: list[str]) -> None:
    assert first_frame.wanted(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["watch", "--plain"],
        ["--help"],
        ["watch", "-h"],
        ["--version"],
        ["status", "--config", "x"],
        ["init"],
    ],
)
def test_for_nothing_else(terminal: None, arguments: list[str]) -> None:
    assert not first_frame.wanted(arguments)


def test_not_on_a_dumb_terminal(terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not first_frame.wanted([])


def test_not_when_output_is_a_pipe(terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert not first_frame.wanted([])
