"""The life of the stand-in: draws, takes keys, changes state, keeps registry and transcript, ends as the real one.

SIGTERM ends it with 143, SIGHUP with 129, SIGINT and ``/exit`` with 0: registry removed, children ended, a hint how
to resume printed. What it shall be doing at first stands in the file that OPSCONSOLE_DEMO_AGENT names; a resumed one
is idle.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path
from types import FrameType
from typing import Any

from .disguise import call_yourself
from .record import Registry, Transcript, home
from .screen import MODES, View, lines, spinner

SPIN_S = 0.2
BLINK_S = 0.5
TURN_S = 1.0
STATUS = {"idle": "idle", "working": "busy", "hung": "busy", "waiting": "waiting", "shell": "shell"}


class Agent:
    def __init__(self, arguments: list[str], scenario: dict[str, Any]) -> None:
        resumed = _value(arguments, "--resume") or _value(arguments, "-r")
        self.session = resumed or _value(arguments, "--session-id") or scenario["session_id"]
        self.transcript = Transcript(self.session, str(Path.cwd()))
        if resumed and not self.transcript.turns():
            sys.exit(f"No conversation found with session ID: {resumed}")
        self.name = scenario["name"]
        self.state = "idle" if resumed else scenario["state"]
        self.draft = "" if resumed else scenario["draft"]
        asked = "bypassPermissions" if "--dangerously-skip-permissions" in arguments else ""
        asked = asked or _value(arguments, "--permission-mode")
        self.mode = asked if asked in MODES else "default"
        self.registry = Registry(self.name, self.session, str(Path.cwd()))
        self.burn_s = scenario["burn_s"]
        self.weight = bytearray(os.urandom(1)) * (scenario["weight_mb"] << 20)
        self.child: subprocess.Popen[bytes] | None = None
        self.beat = 0
        self.since = time.monotonic() - (0.0 if resumed else scenario["since_s"])
        self.turn_ends: float | None = None
        self.ctrl_c = self.ctrl_d = 0.0
        self.turns = self.transcript.turns()
        if not resumed:
            self._live_through(scenario)
        waiting_for = "permission prompt" if self.state == "waiting" else ""
        self.registry.say(STATUS[self.state], waiting_for, 0.0 if resumed else scenario["since_s"])

    def _live_through(self, scenario: dict[str, Any]) -> None:
        """What happened before anybody looked."""
        for asked, answered in scenario["turns"]:
            self.transcript.asked(asked)
            if answered:
                self.transcript.answered(answered)
            elif self.state == "waiting":
                self.transcript.wants_tool()
        if self.state == "shell":
            self._start_shell()
        self.transcript.set_age(scenario["since_s"])
        self.turns = self.transcript.turns()

    def _start_shell(self) -> None:
        snapshots = home() / "shell-snapshots"
        snapshots.mkdir(parents=True, exist_ok=True)
        snapshot = snapshots / f"snapshot-bash-{os.getpid()}.sh"
        snapshot.write_text("")
        self.child = subprocess.Popen(
            ["bash", "-c", f"source {snapshot} && sleep 86400; true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def view(self) -> View:
        return View(
            name=self.name,
            cwd=str(Path.cwd()),
            turns=tuple(self.turns),
            state=self.state,
            draft=self.draft,
            beat=self.beat,
            working_s=time.monotonic() - self.since,
            ctrl_c=self.ctrl_c > 0,
            mode=self.mode,
        )

    def draw(self) -> None:
        width, height = os.get_terminal_size(0)
        view = self.view()
        shown = lines(view, width, height)
        _write("\x1b[H\x1b[2J" + "\r\n".join(shown) + f"\x1b]0;✳ {self.name}\x07")
        if self.state != "waiting":
            _write(f"\x1b[{height - 2};{3 + len(self.draft)}H")

    def live(self) -> None:
        """Until a key or a signal ends it."""
        self.draw()
        while True:
            wait = {"working": SPIN_S, "waiting": BLINK_S}.get(self.state)
            readable, _, _ = select.select([0], [], [], wait)
            if readable:
                keys = os.read(0, 4096)
                if not keys:
                    self.end(129)
                self.take(keys.decode(errors="replace"))
            elif wait is not None:
                self.tick()

    def tick(self) -> None:
        """The spinner turns and work is done, or the question blinks."""
        self.beat += 1
        _, height = os.get_terminal_size(0)
        if self.state == "waiting":
            marker = "❯" if self.beat % 2 == 0 else " "
            _write(f"\x1b[{height - 4};2H{marker}")
            return
        until = time.process_time() + self.burn_s
        while time.process_time() < until:
            pass
        if self.turn_ends is not None and time.monotonic() >= self.turn_ends:
            self.finish("Stand-in reply: nothing was done.")
            return
        row = height - 6
        _write(f"\x1b7\x1b[{row};1H\x1b[2K{spinner(self.view())}\x1b8")

    def finish(self, text: str) -> None:
        self.turn_ends = None
        self.transcript.answered(text)
        self.turns = self.transcript.turns()
        self.become("idle")

    def become(self, state: str) -> None:
        self.state = state
        self.since = time.monotonic()
        self.registry.say(STATUS[state])
        self.draw()

    def take(self, keys: str) -> None:
        if self.state == "waiting":
            self.decide(keys)
            return
        if keys.startswith("\x1b"):
            if keys == "\x1b" and self.state == "working":
                self.turn_ends = None
                self.become("idle")
            elif keys == "\x1b[Z":
                following = [*MODES, *MODES]
                self.mode = following[following.index(self.mode) + 1]
                self.draw()
            return
        for key in keys:
            self.press(key)
        self.draw()

    def press(self, key: str) -> None:
        now = time.monotonic()
        if key == "\x03":
            if self.ctrl_c and now - self.ctrl_c < 2:
                self.end(0)
            self.ctrl_c = now
            self.draft = ""
            return
        self.ctrl_c = 0.0
        if key == "\x04" and not self.draft:
            if self.ctrl_d and now - self.ctrl_d < 2:
                self.end(0)
            self.ctrl_d = now
        elif key in "\r\n":
            self.submit()
        elif key in "\x7f\b":
            self.draft = self.draft[:-1]
        elif key.isprintable():
            self.draft += key

    def submit(self) -> None:
        text, self.draft = self.draft.strip(), ""
        if text == "/exit":
            self.end(0)
        if text and self.state in ("idle", "shell"):
            self.transcript.asked(text)
            self.turns = self.transcript.turns()
            self.turn_ends = time.monotonic() + TURN_S
            self.become("working")

    def decide(self, keys: str) -> None:
        """An answer to the question: Enter takes the first, as with the real one, whatever was typed before it."""
        if "\r" in keys or "1" in keys:
            Path("checked").touch()
            self.transcript.tool_ended("")
            self.finish("The tool has finished. All done.")
        elif "\x1b" in keys or "3" in keys:
            self.transcript.tool_ended("The user doesn't want to proceed with this tool use.")
            self.become("idle")

    def end(self, status: int) -> None:
        self.registry.remove()
        self.transcript.ended()
        if self.child is not None:
            self.child.kill()
            self.child.wait()
        _write("\x1b[?1049l\x1b[?25h")
        termios.tcsetattr(0, termios.TCSANOW, COOKED)
        if self.transcript.path.exists():
            _write(f"\r\nResume this session with:\r\nclaude --resume {self.session}\r\n")
        os._exit(status)


COOKED: list[Any] = []


def main() -> None:
    call_yourself("claude")
    scenario = json.loads(Path(os.environ["OPSCONSOLE_DEMO_AGENT"]).read_text())
    COOKED.extend(termios.tcgetattr(0))
    agent = Agent(sys.argv[1:], scenario)
    for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 0)):
        signal.signal(number, lambda _n, _f, status=status: agent.end(status))  # type: ignore[misc]

    def resized(_number: int, _frame: FrameType | None) -> None:
        agent.draw()

    signal.signal(signal.SIGWINCH, resized)
    tty.setraw(0, termios.TCSANOW)
    _write("\x1b[?1049h")
    agent.live()


def _write(text: str) -> None:
    os.write(1, text.encode())


def _value(arguments: list[str], option: str) -> str:
    if option in arguments[:-1]:
        return arguments[arguments.index(option) + 1]
    return next((a.partition("=")[2] for a in arguments if a.startswith(option + "=")), "")
