"""Why not? Whether anything may be done at all, and whether one process may be touched.

Every answer is a reason for people; empty means that nothing speaks against it. Asked when a plan is made, and again
by the executor right before it acts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

import msgspec

from opsconsole.act.living import Living, own_pid_namespace
from opsconsole.collect.command import SHELL, base_name, interpreter_kind, parse
from opsconsole.config.locate import agent_profiles
from opsconsole.config.trust import why_not_trusted
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import READ_ONLY_VARIABLE, Verb

_NEVER = frozenset(
    {"sshd", "sshd-session", "sshd-auth", "systemd", "init", "launchd", "login", "dropbear", "dbus-daemon", "(sd-pam)"}
)
_OPENS_SESSIONS = frozenset({"su", "sudo", "doas", "runuser", "machinectl", "pkexec", "run0", "newgrp", "sg"})
"""Somebody's way to another identity, with a shell or a command of theirs below. A supervisor (supervisord, runsvdir,
s6-svscan, tini, dumb-init as another pid than 1) is not among these: it may be a worker of the config, and who has one
that is not to be touched says so under ``protect``."""
_NEVER_PREFIXES = ("systemd-", "tmux: server")
_TMUX = frozenset({"tmux", "screen", "zellij", "mosh-server", "abduco", "dtach"})
_OTHER_SHELLS = frozenset({"csh", "tcsh", "nu", "elvish", "xonsh", "pwsh"})
"""Of a grammar of their own: typed into when there is nothing but options behind their name."""


def config_digest(config: Config) -> str:
    """What tells this config from any other; the executor acts under the very config that the plan was made under."""
    return hashlib.sha256(repr(config).encode()).hexdigest()


def why_not_act(loaded: LoadedConfig, read_only: bool, environment: Mapping[str, str] | None = None) -> str:
    """Why nothing may be changed here and now; empty when it may."""
    return why_not_plan(loaded, read_only, environment) or why_not_as_root(loaded)


def why_not_plan(loaded: LoadedConfig, read_only: bool, environment: Mapping[str, str] | None = None) -> str:
    """Why not even a plan is made, one that is only shown; empty when it may."""
    environment = os.environ if environment is None else environment
    if read_only or environment.get(READ_ONLY_VARIABLE):
        return "read-only"
    return loaded.actions_refused


def why_not_as_root(loaded: LoadedConfig) -> str:
    """Why nothing may be carried out by this user; empty when it may."""
    if os.geteuid() == 0 and not loaded.config.console.allow_root:
        return "running as root: a config with allow_root = true under [console] allows actions"
    return ""


def why_not_profiles(verb: Verb) -> str:
    """Why the user's own profiles of agents are no ground to act: others may have written them."""
    folder = agent_profiles() if verb in ("hibernate", "wake") else None
    if folder is None:
        return ""
    return next((why for path in (folder, *sorted(folder.glob("*.toml"))) if (why := why_not_trusted(path))), "")


class Bounds(msgspec.Struct, frozen=True):
    """What no plan may cross: whose processes count as ours, and which of them are spared."""

    uid: int
    pid_namespace: int
    protect: tuple[str, ...]
    spared: frozenset[ProcessId]
    tmux_servers: frozenset[int] = frozenset()
    """Pids of the known ones."""


def bounds_of(config: Config, spared: Collection[ProcessId], tmux_servers: Collection[int] = ()) -> Bounds:
    return Bounds(
        uid=os.geteuid(),
        pid_namespace=own_pid_namespace(),
        protect=config.console.protect,
        spared=frozenset(spared),
        tmux_servers=frozenset(tmux_servers),
    )


def why_not_name(name: str, protect: tuple[str, ...]) -> str:
    """Why a worker, service or session of this name is not touched."""
    pattern = next((pattern for pattern in protect if fnmatchcase(name, pattern)), "")
    return f"{name} is protected (protect = {pattern!r} under [console])" if pattern else ""


def why_not_signal(process: Living, bounds: Bounds) -> str:
    """Why this process gets no signal, whatever a plan says."""
    who = f"{process.pid} ({process.mark.command})"
    if process.pid <= 1:
        return f"{who} is the first process of the system"
    if process.kernel_thread:
        return f"{who} is a kernel thread"
    if process.mark.id in bounds.spared or process.pid == os.getpid():
        return f"{who} is this console or one of its ancestors"
    if process.mark.uid != bounds.uid:
        owner = "another user" if process.mark.uid < 0 else f"uid {process.mark.uid}"
        return f"{who} belongs to {owner}"
    if process.mark.pid_namespace != bounds.pid_namespace:
        return f"{who} is in another pid namespace (a container)"
    if not process.readable and not process.ended:
        return f"{who}: its executable or its arguments cannot be read, so it cannot be told what it is"
    return _why_not_kind(process, who, bounds)


def _why_not_kind(process: Living, who: str, bounds: Bounds) -> str:
    called = base_name(process.mark.exe), process.comm, base_name(process.argv[0]) if process.argv else ""
    if process.pid in bounds.tmux_servers or process.comm.startswith("tmux: server"):
        return f"{who} is a tmux server: every session in it would end"
    if any(name in _TMUX for name in called[:1]) and process.comm not in ("tmux: client",):
        return f"{who} is a terminal multiplexer"
    if any(name in _NEVER or name.startswith(_NEVER_PREFIXES) for name in called):
        return f"{who} belongs to the system"
    if any(name in _OPENS_SESSIONS for name in called[:1]):
        return f"{who} is how somebody works as another user"
    if _is_login_shell(process):
        return f"{who} is somebody's shell"
    pattern = next((pattern for pattern in bounds.protect if _is_named(process, pattern)), "")
    return f"{who} is protected (protect = {pattern!r} under [console])" if pattern else ""


def _is_login_shell(process: Living) -> bool:
    """A shell that someone types into, or that a login started: it runs neither a script nor given code."""
    if not process.argv:
        return False
    if process.argv[0].startswith("-"):
        return True
    called = base_name(process.mark.exe), base_name(process.argv[0])
    if process.tty == 0:
        return False
    if SHELL in (interpreter_kind(process.mark.exe), interpreter_kind(process.argv[0])):  # the exe may be busybox
        runs = parse(SHELL, process.argv)
        typed_into = any(word.partition("=")[0] in ("-C", "--init-command") for word in process.argv[1:])
        return typed_into if "fish" in called and runs.script else not (runs.script or runs.code)
    return any(name in _OTHER_SHELLS for name in called) and all(word.startswith("-") for word in process.argv[1:])


def _is_named(process: Living, pattern: str) -> bool:
    """Whether a name under ``protect`` means this program: by executable, kernel name, title or script."""
    names = {base_name(process.mark.exe), process.comm}
    if process.argv:
        names |= {base_name(process.argv[0]), process.argv[0].partition(":")[0]}
        kind = interpreter_kind(process.mark.exe or process.argv[0])
        if kind:
            runs = parse(kind, process.argv)
            script = base_name(runs.script)
            names |= {script, script.rpartition(".")[0], runs.module}
    return any(name and fnmatchcase(name, pattern) for name in names)
