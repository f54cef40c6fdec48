"""What is typed into panes and run in them, against a real tmux: hostile words stay words, a busy shell gets none."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from opsconsole.act.card import show_card
from opsconsole.act.pane import PaneLost, directory, facts, hold, reads_commands, release, type_text
from opsconsole.act.sleeping_store import SleepingStore
from opsconsole.model.identity import PaneId
from opsconsole.model.sleeping import SavedSession
from tests.e2e.act_ground import eventually


class Server:
    """A tmux server of our own with one session."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "tmux")

    def __call__(self, *words: str) -> str:
        command = ["tmux", "-u", "-S", self.socket, "-f", "/dev/null", *words]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    def pane(self, *command: str) -> PaneId:
        self("new-session", "-d", "-s", "one", "-x", "80", "-y", "20", *command)
        pid, start, pane = self("display-message", "-p", "-t", "one", "#{pid} #{start_time} #{pane_id}").split()
        return PaneId(self.socket, int(pid), int(start), pane)

    def screen(self, pane: PaneId) -> str:
        return self("capture-pane", "-p", "-t", pane.pane)


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ocp-") as folder:
        made = Server(Path(folder))
        yield made
        subprocess.run(["tmux", "-S", made.socket, "kill-server"], capture_output=True, check=False)


@pytest.mark.parametrize("text", ["- first, mend the parser", "-R", "and this;", ";", "a\\;", "#{pane_id} $HOME `id`"])
def test_text_is_typed_as_it_is(server: Server, text: str) -> None:
    pane = server.pane("cat")
    type_text(pane, text)
    eventually("the text", lambda: server.screen(pane).strip() == text)


def test_a_pane_of_another_server_gets_no_command(server: Server) -> None:
    """The same socket and pane id, but of a server that was started later, or a pane that is none of its own."""
    pane = server.pane("cat")
    for other in (
        replace(pane, server_pid=pane.server_pid + 1),
        replace(pane, server_start=1),
        replace(pane, pane="%77"),
    ):
        with pytest.raises(PaneLost, match="another tmux server"):
            type_text(other, "astray")
    type_text(pane, "meant")
    eventually("the text", lambda: server.screen(pane).strip() == "meant")


def test_a_directory_name_is_never_run_as_a_command(server: Server, tmp_path: Path) -> None:
    trap = tmp_path / "d#(touch pwned)#{session_name}"
    trap.mkdir()
    pane = server.pane("cat")
    store = SleepingStore(tmp_path / "it's; state")
    saved = SavedSession(
        agent="claude",
        conversation="0f0f",
        session_name="one",
        pane=pane,
        under_shell=False,
        argv=("claude",),
        resume=("/bin/true", "--resume", "0f0f"),
        exe="/bin/true",
        cwd=str(trap),
        environment={},
        home=str(tmp_path),
        transcript=str(tmp_path / "t"),
        transcript_bytes=0,
        draft="",
        screen="",
        memory_bytes=None,
        since=0.0,
    )
    store.keep(saved)
    show_card(pane, store, saved)
    eventually("the card", lambda: "zZ  one" in server.screen(pane))
    assert Path(f"/proc/{facts(pane).pid}/cwd").readlink() == trap
    assert not list(tmp_path.rglob("pwned"))
    assert directory("plain") == "plain"


def test_a_shell_that_waits_for_a_script_of_its_own_reads_no_commands(server: Server, tmp_path: Path) -> None:
    """To tmux both are called bash; what is typed would be the answer to the script's question."""
    script = tmp_path / "deploy.sh"
    script.write_text("echo asks\nread -r answer\n")
    pane = server.pane("bash", "--norc")
    shell = facts(pane).pid
    eventually("the prompt", lambda: "$" in server.screen(pane) or "#" in server.screen(pane))
    assert reads_commands(shell)
    type_text(pane, f"bash {script}")
    server("send-keys", "-t", pane.pane, "Enter")
    eventually("the question", lambda: "\nasks" in server.screen(pane))
    assert facts(pane).command == "bash"
    assert not reads_commands(shell)


def test_a_shell_that_reads_a_word_itself_reads_no_commands(server: Server) -> None:
    """It is in the foreground, as at its prompt; only the terminal's mode tells."""
    pane = server.pane("bash", "--norc")
    shell = facts(pane).pid
    eventually("the prompt", lambda: reads_commands(shell))
    type_text(pane, "read -p 'Deploy now? ' answer", "Enter")
    eventually("the question", lambda: "\nDeploy now?" in server.screen(pane))
    eventually("the terminal's mode", lambda: not reads_commands(shell))
    type_text(pane, "no", "Enter")
    eventually("the prompt", lambda: reads_commands(shell))


def test_the_keyboard_is_given_back_by_the_server_and_only_for_the_block_that_asked_for_it(server: Server) -> None:
    pane = server.pane("cat")
    assert hold(pane, 1)
    assert (facts(pane).input_off, facts(pane).held) == (True, True)
    eventually("the keyboard", lambda: not facts(pane).input_off)
    assert not facts(pane).held
    # The first block's time ends within the second: that one is not opened by it.
    began = time.monotonic()
    assert hold(pane, 2)
    release(pane)
    assert hold(pane, 60)
    eventually("the first block's time", lambda: time.monotonic() - began > 3.5)
    assert facts(pane).input_off
    # Held already, by us: held further, and open when it is released.
    assert hold(pane, 60)
    release(pane)
    assert not facts(pane).input_off


def test_a_pane_that_its_user_has_made_deaf_hears_us_and_stays_deaf(server: Server) -> None:
    pane = server.pane("cat")
    server("select-pane", "-d", "-t", pane.pane)
    assert not hold(pane, 60)
    type_text(pane, "meant")
    eventually("the text", lambda: server.screen(pane).strip() == "meant")
    assert (facts(pane).input_off, facts(pane).held) == (True, False)


def test_what_is_typed_reaches_one_pane_of_those_that_are_synchronised(server: Server) -> None:
    """Set for the window or for the panes themselves: it is as before afterwards."""
    pane = server.pane("cat")
    server("split-window", "-d", "-t", "one", "cat")
    server("set-option", "-w", "-t", "one", "synchronize-panes", "on")
    type_text(pane, "meant", "Enter")
    for each in (":.0", ":.1"):
        server("set-option", "-p", "-t", f"one{each}", "synchronize-panes", "on")
    type_text(pane, "too")
    eventually("the text", lambda: server.screen(pane).split() == ["meant", "meant", "too"])
    assert server("capture-pane", "-p", "-t", "one:.1").strip() == ""
    assert server("show-options", "-p", "-v", "-t", "one:.0", "synchronize-panes") == "on\n"


def test_nothing_is_typed_while_somebody_looks_back(server: Server) -> None:
    """There the keys would be commands: a slash opens a search on the operator's terminal."""
    pane = server.pane("cat")
    server("copy-mode", "-t", pane.pane)
    with pytest.raises(PaneLost, match="copy mode"):
        type_text(pane, "/astray")
    server("send-keys", "-t", pane.pane, "-X", "cancel")
    type_text(pane, "meant")
    eventually("the text", lambda: server.screen(pane).strip() == "meant")
