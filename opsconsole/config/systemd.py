"""systemd user units for what the config can start: text to be read, edited and installed by hand. Pure.

Commands are quoted so that systemd passes them on as they stand in the config (systemd.syntax(7)): no variable and no
specifier is replaced. Nothing here installs, enables or starts anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from opsconsole.config.types import Config, LimitsTable, ServiceTable, WorkerTable

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./$-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def unit_files(config: Config, source: Path | None) -> dict[str, str]:
    """Text by file name: one for each worker, and each service with a command. ``source`` is told in the header.

    A worker that runs more than once becomes a template. Names that come to the same file name get a number.
    """
    files: dict[str, str] = {}
    tables: tuple[ServiceTable | WorkerTable, ...] = (*config.service, *config.worker)
    for table in tables:
        if not table.command:
            continue
        instances = table.instances if isinstance(table, WorkerTable) else 1
        stem = _stem(table.name)
        number = 1
        while (name := _file_name(stem, number, instances)) in files:
            number += 1
        files[name] = _unit(table, name, instances, source)
    return files


def _stem(name: str) -> str:
    """A unit's name out of any name: systemd takes ASCII letters, digits, and few signs."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.").lower()
    return f"opsconsole-{stem[:100] or 'unnamed'}"


def _file_name(stem: str, number: int, instances: int) -> str:
    numbered = stem if number == 1 else f"{stem}-{number}"
    return f"{numbered}@.service" if instances != 1 else f"{numbered}.service"


def _unit(table: ServiceTable | WorkerTable, name: str, instances: int, source: Path | None) -> str:
    stem = name.removesuffix(".service")
    started = f"{stem}{{1..{instances}}}" if instances > 1 else f"{stem}1" if stem.endswith("@") else stem
    origin = _line(str(source)) if source else "the config"
    lines = [
        f"# {_line(table.name)}, from {origin}. To use it: read it, put it into",
        f"# ~/.config/systemd/user/, then: systemctl --user daemon-reload && systemctl --user enable --now {started}",
        "# To have it run while nobody is logged in: loginctl enable-linger",
        "",
        "[Unit]",
        f"Description={_specifiers(_line(table.name))}" + (" %i" if stem.endswith("@") else ""),
        "StartLimitIntervalSec=10min",
        "StartLimitBurst=5",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={command_line(table.command, table.cwd)}",
        "Restart=on-failure",
        "RestartSec=2s",
    ]
    if table.cwd is not None:
        lines.append(f"WorkingDirectory={_path(table.cwd)}")
    environment = sorted(_environment(table.env).items())
    # A dollar has no meaning there, a specifier has.
    lines += [f"Environment={word(f'{key}={value}', dollars=False)}" for key, value in environment]
    if table.log is not None:
        lines += [f"StandardOutput=append:{_path(table.log)}", f"StandardError=append:{_path(table.log)}"]
    if isinstance(table, WorkerTable):
        lines += _limits(table.limits)
    return "\n".join([*lines, "", "[Install]", "WantedBy=default.target", ""])


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """With the output unbuffered, so that a log is written as things happen, unless the config says otherwise."""
    return {"PYTHONUNBUFFERED": "1", **given}


def _limits(limits: LimitsTable) -> list[str]:
    lines = []
    if limits.memory is not None:
        lines.append(f"MemoryMax={int(limits.memory)}")
    if limits.cpu_percent is not None:
        lines.append(f"CPUQuota={limits.cpu_percent:g}%")
    if limits.address_space is not None:
        lines.append(f"LimitAS={int(limits.address_space)}")
    if limits.cpu_time is not None:
        lines.append(f"LimitCPU={max(int(limits.cpu_time), 1)}")
    if limits.open_files is not None:
        lines.append(f"LimitNOFILE={limits.open_files}")
    return lines


def command_line(argv: tuple[str, ...], cwd: Path | None) -> str:
    """The value of ``ExecStart``. A program named by a relative path is made absolute: systemd takes no other."""
    program, *arguments = argv
    if "/" in program:
        program = str((cwd or Path.cwd()) / Path(program).expanduser())
    # A program beginning with one of these signs would be taken for an option of systemd's.
    first = word(program, dollars=False)
    if first[:1] in "@-:+!|":
        first = f'"{first}"'
    return " ".join([first, *(word(argument) for argument in arguments)])


def word(text: str, *, dollars: bool = True) -> str:
    """One word as systemd reads it back: quoted where needed, ``%`` and ``$`` doubled (``$`` not in a program)."""
    inert = _specifiers(text)
    if dollars:
        inert = inert.replace("$", "$$")
    if inert and _PLAIN.fullmatch(inert) and inert != ";":
        return inert
    return '"' + "".join(_escaped(character) for character in inert) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() and character.isascii():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _path(path: Path) -> str:
    """A path where systemd takes the rest of the line as it is: only specifiers are replaced there."""
    return _specifiers(str(path))


def _line(text: str) -> str:
    """Any text on one line of a unit."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
