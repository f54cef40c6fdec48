"""`opsconsole demo`: on a terminal it is a console on the incident, without one it is a fleet for other commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.demo.blueprint import blueprint
from tests.e2e.demo_ground import eventually
from tests.e2e.screen import Screen, screen

COMMAND = str(Path(sys.executable).with_name("opsconsole"))
WELL = {"up", "running", "ok"}


@pytest.fixture
def root() -> Iterator[Path]:
    """Where registrations are kept: nobody else's are here."""
    directory = Path(tempfile.mkdtemp(prefix="oc"))
    yield directory
    shutil.rmtree(directory)


def registered(root: Path) -> list[Path]:
    return list((root / f"opsconsole-demo-{os.geteuid()}").iterdir())


def processes(token: str) -> list[int]:
    """Everything with this token in its environment: found without the demo's own ledger."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if token.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )


def open_demo(console: Screen, root: Path, *arguments: str) -> str:
    """The demo's console in a window; returns its token."""
    environment = {"XDG_RUNTIME_DIR": str(root), "LC_ALL": "C.UTF-8"}
    console.start([COMMAND, "demo", *arguments], 200, 50, environment)
    text = console.see("DEMO", "▲ degraded", "✖ missing", "10/10 ports used", "load 8.13/8")
    assert "told, not measured" in text
    (folder,) = registered(root)
    token: str = json.loads((folder / "sandbox.json").read_text())["token"]
    assert len(processes(token)) > 30
    return token


def test_the_incident_is_on_the_screen_and_quitting_leaves_nothing(root: Path) -> None:
    with screen() as console:
        token = open_demo(console, root)
        console.see("First time here?")
        console.press("q")
        console.wait(lambda text: "First time here?" not in text)
        console.press("q")
        console.see("ended with 0", "the sandbox is gone, with its processes, files and tmux server")
        assert processes(token) == []
        assert registered(root) == []


def test_a_terminal_that_goes_takes_the_fleet_along(root: Path) -> None:
    with screen() as console:
        token = open_demo(console, root)
        console.tmux("kill-session", "-t", "=t")
        eventually("the end of the fleet", lambda: not processes(token) and not registered(root))


def test_without_a_terminal_it_names_the_way_that_needs_none() -> None:
    refused = run("demo")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is not a terminal; `opsconsole demo --headless`" in refused.stderr


def test_a_config_beside_it_is_refused() -> None:
    refused = run("--config", "some.toml", "demo", "--headless")
    assert refused.returncode == 2
    assert "demo makes a config and a state directory of its own" in refused.stderr


def headless(root: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """What its one line says, while it stands; then it is ended with the pid that the line names."""
    with subprocess.Popen(
        [COMMAND, "demo", "--headless", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(root)},
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told.keys() == {"config", "state_dir", "home", "tmux_socket", "pid"}
        yield told
        os.kill(told["pid"], 15)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""
    assert registered(root) == []


@pytest.fixture
def incident(root: Path) -> Iterator[dict[str, Any]]:
    yield from headless(root)


@pytest.fixture
def healthy(root: Path) -> Iterator[dict[str, Any]]:
    yield from headless(root, "--healthy")


def status(told: dict[str, Any]) -> dict[str, Any]:
    """`status --json`; once more where the machine was too busy to answer the probes in time."""
    for _ in range(5):
        looked = run("--config", told["config"], "--state-dir", told["state_dir"], "status", "--json")
        assert looked.returncode == 0, looked.stdout
        document: dict[str, Any] = json.loads(looked.stdout)
        if document["environments"]["state"] == "ok" and document["services"]["items"][0]["http_status"]:
            break
    return document


def test_other_commands_see_the_incident_it_has_built(incident: dict[str, Any]) -> None:
    plan, found = blueprint(healthy=False, scale=1), status(incident)
    states = {name: [item["state"] for item in found[name]["items"]] for name in ("services", "workers", "sites")}
    assert states["services"] == ["degraded", "up", "up"]
    assert found["services"]["items"][0]["sharing"] == "reuseport"
    assert states["workers"] == ["missing", "running", "duplicates", "running", "running"]
    assert states["sites"][3] == "down"
    assert [item["name"] for item in found["sessions"]["items"]] == [one.name for one in plan.sessions]
    assert found["sessions"]["items"][0]["socket"] == incident["tmux_socket"]
    assert [item["name"] for item in found["environments"]["items"]] == [one.name for one in plan.environments]
    assert found["environments"]["pool"]["free"] == 0
    assert (found["queue"]["value"]["total"], found["queue"]["value"]["failed_24h"]) == (122, 40)
    assert found["system"]["value"]["load1"] == 8.13
    assert found["system"]["note"].startswith("DEMO: ")


def test_a_healthy_one_looks_healthy(healthy: dict[str, Any]) -> None:
    found = status(healthy)
    for reading in ("services", "workers", "sites", "environments"):
        states = {item["state"] for item in found[reading]["items"]}
        assert states <= WELL, (reading, found[reading]["items"])
    assert [item["pid_file"]["state"] for item in found["workers"]["items"]] == ["ok"] * 5
    assert not any(item["stale"] or item["duplicate"] for item in found["environments"]["items"])
    assert {item["sharing"] for item in found["services"]["items"]} == {""}
    assert found["queue"]["value"]["success_rate"] > 0.9
    assert found["system"]["value"]["load1"] < 4.0
