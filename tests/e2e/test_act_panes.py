"""What is typed into panes and run in them, against a real tmux: hostile words stay words, a busy shell gets none."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from opsconsole.act.card import show_card
from opsconsole.act.pane import PaneLost, directory, facts, reads_commands, type_text
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
