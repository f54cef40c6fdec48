"""How a worker or service is started: from the config alone, and validated before anything is stopped for it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

import msgspec

from opsconsole.config.types import WorkerTable
from opsconsole.model.text import command_line, shown

_NOT_HANDED_ON = ("TMUX", "TMUX_PANE", "COLUMNS", "LINES", "STY", "WINDOW", "PWD", "OLDPWD")
"""Variables of this console's own terminal and shell: a daemon must not take itself to be in it, nor where that is."""


class StartSpec(msgspec.Struct, frozen=True):
    """Everything that a start needs."""

    argv: tuple[str, ...]
    executable: str
    """Path of what is executed; empty when it was not found."""
    cwd: Path | None
    environment: dict[str, str]
    log: Path | None


def spec_of(table: WorkerTable) -> StartSpec:
    """The start of this worker as the config has it, on top of this process's own environment."""
    environment = {name: value for name, value in os.environ.items() if not _is_own(name)}
    environment |= {"PWD": str(table.cwd)} if table.cwd is not None else {}
    environment |= table.env
    return StartSpec(
        argv=table.command,
        executable=_executable(table, environment),
        cwd=table.cwd,
        environment=environment,
        log=table.log,
    )


def _is_own(name: str) -> bool:
    return name in _NOT_HANDED_ON or name.startswith("OPSCONSOLE_")


def _executable(table: WorkerTable, environment: dict[str, str]) -> str:
    called = os.path.expanduser(table.command[0]) if table.command else ""  # noqa: PTH111  # text in, text out
    if "/" not in called:
        return shutil.which(called, path=environment.get("PATH", os.defpath)) or ""
    path = Path(called) if called.startswith("/") or table.cwd is None else table.cwd / called
    return str(path) if path.is_file() and os.access(path, os.X_OK) else ""


def why_not_start(table: WorkerTable) -> str:
    """What of the start spec does not hold: interpreter, script, directory, log; empty when all does."""
    spec = spec_of(table)
    if not spec.argv:
        return "no command is configured"
    if spec.cwd is not None and not spec.cwd.is_dir():
        return f"its directory {spec.cwd} does not exist"
    if not spec.executable:
        return f"{shown(spec.argv[0], 200)} is not an executable that can be found"
    from opsconsole.collect.programs import declare

    program = declare(table).program
    if program is not None and program.kind != "executable" and program.written and not program.module:
        if not (program.path and Path(program.path).is_file()):
            return f"its script {shown(program.written, 200)} does not exist" + (f" in {spec.cwd}" if spec.cwd else "")
        if not os.access(program.path, os.R_OK):
            return f"its script {program.path} cannot be read"
    return why_not_log(spec.log) if spec.log is not None else ""


def why_not_log(path: Path) -> str:
    """Why this log cannot be appended to; empty when it can. Makes nothing."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        folder = path.parent
        return "" if folder.is_dir() and os.access(folder, os.W_OK) else f"its log cannot be made in {folder}"
    except OSError as error:
        return f"its log {path}: {error.strerror}"
    if stat.S_ISLNK(status.st_mode):
        return f"its log {path} is a symbolic link"
    if not stat.S_ISREG(status.st_mode):
        return f"its log {path} is not a regular file"
    if status.st_uid not in (0, os.geteuid()):
        return f"its log {path} belongs to uid {status.st_uid}"
    return "" if os.access(path, os.W_OK) else f"its log {path} cannot be written"


def start_steps(table: WorkerTable, limited: str = "") -> tuple[str, ...]:
    """What will be run to start it, for people; ``limited`` tells its resource limits."""
    where = f" in {table.cwd}" if table.cwd is not None else ""
    output = f", output appended to {table.log}" if table.log is not None else ", output discarded"
    names = f", with {', '.join(sorted(table.env))} set" if table.env else ""
    limits = f", limited to {limited}" if limited else ""
    return (f"start {command_line(table.command)}{where}{names}{output}{limits}",)


def run_keys(table: WorkerTable, port: int | None) -> tuple[str, ...]:
    """What a start of this is by what it runs, under whatever name and in whatever config: no two are begun at once."""
    what = repr((table.command, str(table.cwd), sorted(table.env.items())))
    keys = [f"run:{hashlib.sha256(what.encode(errors='surrogateescape')).hexdigest()}"]
    keys += [f"port:{port}"] if port is not None else []
    keys += [f"pid file:{table.pid_file}"] if table.pid_file is not None else []
    return tuple(keys)


def scope_runner() -> str:
    """Absolute path of the `systemd-run` whose `--user --scope` can hold limits here; empty for none.

    It is found where this console finds it: what is started may have another PATH.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if not runtime or not Path(runtime, "systemd", "private").exists():
        return ""
    found = shutil.which("systemd-run")
    return str(Path(found).absolute()) if found is not None else ""
