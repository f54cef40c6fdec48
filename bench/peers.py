"""The programs measured beside ours, and where they come from when they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PEERS = {
    "htop": ["htop", "-d", "20"],
    "top": ["top", "-d", "2"],
    "btop": ["btop"],
    "glances": ["glances", "-t", "2"],
}
PACKAGES = {"top": "procps"}
VERSION_FLAGS = {"top": "-V", "glances": "-V"}


def install_missing() -> None:
    """Through apt-get, as root or with a sudo that asks nothing; else says what to type, and goes on without."""
    missing = [PACKAGES.get(name, name) for name in PEERS if shutil.which(name) is None]
    if not missing:
        return
    line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not as_root or shutil.which("sudo")):
        print(f"installing {' '.join(missing)}", file=sys.stderr)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (line, ["apt-get", "update", "-q"], line):
            done = subprocess.run([*as_root, *command], env=environment, capture_output=True, check=False)
            if command is line and done.returncode == 0:
                return
    print(f"measured without {', '.join(missing)}; to have them: {' '.join(line)}", file=sys.stderr)


def present() -> dict[str, list[str]]:
    return {name: command for name, command in PEERS.items() if shutil.which(command[0])}


def version(name: str) -> str:
    """Its first line about itself, without its name."""
    asked = subprocess.run([name, VERSION_FLAGS.get(name, "--version")], capture_output=True, text=True, check=False)
    words = (asked.stdout or asked.stderr).split()
    return next((word.strip(",v") for word in words if any(sign.isdigit() for sign in word)), "?")
