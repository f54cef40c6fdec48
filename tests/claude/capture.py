"""Captures of the real CLI: ``python -m tests.claude.capture VERSION FOLDER [SCENE...]`` writes what was found.

Each scene of `scenes` runs in a private tmux with a HOME of its own against the stub on loopback. Kept is what tmux
shows (``capture-pane -e``), the pane's title, the agent's registry file as found at the same moment, and how the
transcript ended; with what the console made of it then. Paths are those of a made-up user.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.claude.conftest import KEY, QUIET, still_running
from tests.claude.installation import install
from tests.claude.scenes import SCENES, Scene
from tests.claude.stub_api import StubApi
from tests.e2e.demo_ground import eventually
from tests.e2e.eyes import Stage

AT_ONCE = 8
WITHIN_S = 40.0
SETTLES_S = 1.5
PAUSE_S = 0.4
USER = "/home/user"
PASTED = "\n".join(f"line {number} of what was pasted" for number in range(30))


class Studio(Stage):
    """A private tmux server in which scenes are played."""

    def __init__(self, folder: Path, program: Path, api: StubApi) -> None:
        super().__init__(folder, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **QUIET})
        self.program = program

    def home_of(self, scene: Scene) -> Path:
        return self.home / scene.name

    def start(self, scene: Scene) -> None:
        home = self.home_of(scene)
        project = home / "project"
        project.mkdir(parents=True)
        for name, text in scene.files.items():
            (project / name).write_text(text)
        trust = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        known = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
            "projects": {str(project): trust} if scene.trusted else {},
            **scene.settings,
        }
        (home / ".claude.json").write_text(json.dumps(known))
        mode = (
            ()
            if {"--permission-mode", "--dangerously-skip-permissions"} & {*scene.arguments}
            else ("--permission-mode", "default")
        )
        size = ("-x", str(scene.width), "-y", str(scene.height), "-c", str(project))
        command = ["env", *scene.environment, f"HOME={home}", str(self.program), *mode, *scene.arguments]
        self.tmux("new-session", "-d", "-s", scene.name, *size, *command)

    def why_not_played(self, scene: Scene) -> str:
        """Play it; how far it came, when it does not come to what it should."""
        try:
            self.play(scene)
        except AssertionError as failure:
            return f"{failure}\n{self.screen(scene.name)}"
        except subprocess.CalledProcessError as failure:
            return f"it has ended: {failure.stderr.strip()}"
        return ""

    def play(self, scene: Scene) -> None:
        """Its steps. Raises AssertionError when it does not come to what it should."""
        target = f"={scene.name}:"
        for step in scene.steps:
            if step.startswith("~"):
                eventually(f"{step[1:]!r}", lambda step=step: re.search(step[1:], self.screen(scene.name)), WITHIN_S)  # type: ignore[misc]
            elif step == "<Wait>":
                time.sleep(5.0)
            elif step == "<paste>":
                self.tmux("set-buffer", "-b", "pasted", PASTED)
                self.tmux("paste-buffer", "-p", "-b", "pasted", "-t", target)
            elif step.startswith("<") and step.endswith(">"):
                self.tmux("send-keys", "-t", target, step[1:-1])
            else:
                self.tmux("send-keys", "-t", target, "-l", step)
            time.sleep(PAUSE_S)

    def keep(self, scene: Scene, into: Path) -> dict[str, Any]:
        """Write down what is found; returns its label."""
        before, screen, title, after = self._entry(scene), self._captured(scene), self._title(scene), self._entry(scene)
        if before != after:
            time.sleep(PAUSE_S)
            return self.keep(scene, into)
        session = self.look().get(scene.name)
        (into / f"{scene.name}.screen").write_text(self._impersonal(scene, screen))
        if after is not None:
            (into / f"{scene.name}.registry.json").write_text(self._impersonal(scene, after))
        return {
            "truth": scene.truth,
            "title": self._impersonal(scene, title),
            "transcript": self._transcript(scene),
            "told": f"{session.state}: {session.reason}" if session is not None else "nothing",
        }

    def _captured(self, scene: Scene) -> str:
        return self.tmux("capture-pane", "-e", "-p", "-t", f"={scene.name}:").rstrip("\n") + "\n"

    def _title(self, scene: Scene) -> str:
        return self.tmux("display-message", "-p", "-t", f"={scene.name}:", "#{pane_title}").rstrip("\n")

    def _entry(self, scene: Scene) -> str | None:
        found = sorted((self.home_of(scene) / ".claude" / "sessions").glob("*.json"))
        return found[0].read_text() if found else None

    def _transcript(self, scene: Scene) -> str:
        from opsconsole.collect.agent_transcript import ending

        found = sorted(
            (self.home_of(scene) / ".claude" / "projects").glob("*/*.jsonl"), key=lambda path: path.stat().st_mtime
        )
        return ending(found[-1].read_bytes()) if found else "none"

    def _impersonal(self, scene: Scene, text: str) -> str:
        text = re.sub(r"linux:[0-9a-f]{32}:", f"linux:{'0' * 32}:", text)
        return (
            text.replace(str(self.home_of(scene)), USER)
            .replace(f"{Path.home()}/", f"{USER}/")
            .replace(str(self.folder), "/tmp/private")
            .replace(os.uname().nodename, "host")
        )


def main(version: str, into: Path, names: list[str]) -> None:
    os.environ["OPSCONSOLE_TEST_CLAUDE_VERSION"] = version
    program, api = install(), StubApi()
    into.mkdir(parents=True, exist_ok=True)
    labels_path = into / "labels.json"
    labels = json.loads(labels_path.read_text()) if labels_path.exists() else {}
    wanted = [scene for scene in SCENES if not names or scene.name in names]
    for first in range(0, len(wanted), AT_ONCE):
        labels |= captured(program, api, wanted[first : first + AT_ONCE], into)
        labels_path.write_text(json.dumps(labels, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    api.close()


def captured(program: Path, api: StubApi, scenes: list[Scene], into: Path) -> dict[str, Any]:
    """The labels of those scenes that came to what they should; of the others it is said how far they came."""
    folder = Path(tempfile.mkdtemp(prefix="oc", dir="/tmp"))
    studio = Studio(folder, program, api)
    try:
        for scene in scenes:
            studio.start(scene)
        with ThreadPoolExecutor(len(scenes)) as players:
            failures = list(players.map(studio.why_not_played, scenes))
        time.sleep(SETTLES_S)
        labels = {}
        for scene, failure in zip(scenes, failures, strict=True):
            if failure:
                print(f"{scene.name:26} NOT REACHED {failure}", flush=True)
                continue
            labels[scene.name] = studio.keep(scene, into)
            print(f"{scene.name:26} {scene.truth:10} {labels[scene.name]['told']}", flush=True)
        return labels
    finally:
        studio.close()
        eventually("their end", lambda: not still_running(folder) or None, WITHIN_S)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
