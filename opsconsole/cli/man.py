"""The man page, from the command line's own definitions. Pure: the same commands give the same text."""

from __future__ import annotations

from collections.abc import Iterator

import click

FILES = (
    ("opsconsole.toml", "the config, in the working directory or the user's config directory; see `opsconsole init`"),
    ("journal.sqlite3", "in the state directory: every plan, its steps and results"),
    ("screen.json", "in the state directory: how the panes were last looked at"),
)
VARIABLES = (
    ("OPSCONSOLE_CONFIG", "the config file, where --config does not name one"),
    ("OPSCONSOLE_STATE_DIR", "the state directory, where --state-dir does not name one"),
    ("NO_COLOR", "set and not empty: no colours"),
)
STATUSES = (
    ("0", "done, nothing found"),
    ("1", "something was found, or failed"),
    ("2", "the command or the config is wrong"),
    ("3", "a source could not be read"),
    ("4", "refused: for safety, or because read-only"),
)


def man_page(command: click.Group, name: str, version: str, about: str) -> str:
    """A page for section 1 in roff's man macros."""
    context = click.Context(command, info_name=name, **command.context_settings)
    lines = [
        f'.TH {name.upper()} 1 "" "{name} {version}" "User Commands"',
        ".SH NAME",
        f"{name} \\- {_text(about)}",
        ".SH SYNOPSIS",
        f".B {name}",
        "[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR [\\fIARGS\\fR]...]",
        ".SH DESCRIPTION",
        *_help(command),
        *_options(command, context),
        ".SH COMMANDS",
        *_commands(command, context, name),
        ".SH EXIT STATUS",
        *_pairs(STATUSES),
        ".SH ENVIRONMENT",
        *_pairs(VARIABLES),
        ".SH FILES",
        *_pairs(FILES),
    ]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context, path: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        words = [word for word in command.collect_usage_pieces(inner) if word != "[OPTIONS]"]
        yield f".SS {_text(' '.join([path, name, *words]))}"
        yield from _help(command)
        yield from _options(command, inner)
        if isinstance(command, click.Group):
            yield from _commands(command, inner, f"{path} {name}")


def _help(command: click.Command) -> Iterator[str]:
    paragraphs = (command.help or "").split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Those of the command's own: what every command takes is told once, at the top."""
    shared = () if context.parent is None else [one.name for one in context.find_root().command.get_params(context)]
    for parameter in command.get_params(context):
        if parameter.name in shared:
            continue
        record = parameter.get_help_record(context)
        if record is not None:
            yield ".TP"
            yield f"\\fB{_text(record[0])}\\fR"
            yield _text(" ".join(record[1].split()))


def _pairs(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for term, text in pairs:
        yield ".TP"
        yield f"\\fB{_text(term)}\\fR"
        yield _text(text)


def _text(text: str) -> str:
    """Text that roff sets as it stands: no escape, no request at a line's start, hyphens that can be copied."""
    inert = text.replace("\\", "\\(rs").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return f"\\&{inert}" if inert.startswith(".") else inert
