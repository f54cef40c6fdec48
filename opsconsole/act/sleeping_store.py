"""What is kept of hibernated sessions: a folder in the state directory, for its owner's eyes only, synced to the disk.

For each conversation a record (JSON), the card that its pane shows, and a script that wakes it, which the card runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import msgspec

from opsconsole.collect.documents import NotJson, decoded_as
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.collect.sleeping import FOLDER, MOST_BYTES
from opsconsole.model.sleeping import SavedSession
from opsconsole.model.text import clean, command_line, shown

ASKED = "asked"
"""Argument of the script when `wake` runs it, which sees to all that comes after."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")


class NotKept(Exception):
    """Why there is no record to go by, in one line."""


class SleepingStore:
    """The records in one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def record_path(self, conversation: str) -> Path:
        if not _PLAIN.match(conversation):
            raise NotKept(f"{clean(conversation, 80)!r} is no conversation's id")
        return self.folder / f"{conversation}.json"

    def script_path(self, conversation: str) -> Path:
        return self.record_path(conversation).with_suffix(".sh")

    def keep(self, saved: SavedSession) -> Path:
        """Write record, card and script; on the disk when this returns. Raises OSError, NotKept."""
        record = self.record_path(saved.conversation)
        try:
            document = msgspec.json.encode(saved)
        except UnicodeEncodeError:
            raise NotKept("what is known of it is no UTF-8 text") from None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        card = record.with_suffix(".card")
        _put(card, card_text(saved, self.script_path(saved.conversation)).encode())
        _put(self.script_path(saved.conversation), _script(record, card).encode())
        _put(record, document)
        _sync(self.folder)
        return record

    def read(self, conversation: str) -> SavedSession:
        """The record. Raises NotKept."""
        path = self.record_path(conversation)
        try:
            return decoded_as(read_capped(path, MOST_BYTES), SavedSession)
        except FileUnreadable as failure:
            raise NotKept(f"nothing is kept of it: {failure.reason}") from None
        except NotJson as error:
            raise NotKept(f"{path}: {error}") from None

    def forget(self, conversation: str) -> None:
        """Remove all that is kept of it: it is awake again."""
        record = self.record_path(conversation)
        for path in (record, record.with_suffix(".card"), record.with_suffix(".sh")):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def read_record(path: Path) -> SavedSession:
    """The record in this file. Raises NotKept."""
    return SleepingStore(path.parent.parent).read(path.stem)


def card_text(saved: SavedSession, script: Path) -> str:
    """What the pane shows while its session sleeps."""
    import time

    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(saved.since))
    by_hand = command_line((Path(saved.resume[0]).name, *map(shlex.quote, saved.resume[1:])))
    wake = f"sh {shlex.quote(str(script))}" if saved.under_shell else "press Enter here"
    draft = (f"      unsent text   {shown(saved.draft, 80)}   (is put back)",) if saved.draft else ()
    mode = (f"      mode          {clean(saved.mode, 40)}",) if saved.mode else ()
    return "\n".join(
        (
            "",
            f"  zZ  {saved.session_name}: this {saved.agent} session sleeps since {since}.",
            "",
            f"      conversation  {saved.conversation}",
            f"      directory     {clean(saved.cwd, 300)}",
            *mode,
            *draft,
            "",
            f"      wake it       opsconsole wake {clean(saved.session_name, 80)}   (or W in the console)",
            f"      by hand       {wake}",
            f"      without us    {by_hand}",
            "",
        )
    )


def _script(record: Path, card: Path) -> str:
    """Run by the pane: with ``card`` it shows the card and waits for Enter; then, or without, it wakes the session.

    No key that is pressed on the card ends it: the pane would go with it.
    """
    import opsconsole

    package = Path(opsconsole.__file__).resolve().parents[1]
    python = shlex.quote(sys.executable)
    waker = ["-P", "-m", "opsconsole.act.awaken", str(record)]
    return "\n".join(
        (
            "#!/bin/sh",
            'if [ "$1" = card ]; then',
            "  told=$2",
            "  trap : INT QUIT TSTP",
            "  while :; do",
            f"    printf '\\033[?25l'; cat {shlex.quote(str(card))}",
            '    [ -z "$told" ] || printf \'      %s\\n\' "$told"',
            "    until read -r _; do [ -t 0 ] || exit 1; sleep 0.2; done",
            f"    [ -x {python} ] && break",
            f"    told='cannot wake this session: opsconsole is gone: '{python}",
            "  done",
            # While it wakes too: the waker gives them back to the agent.
            "  trap '' INT QUIT TSTP",
            "fi",
            f'exec env PYTHONPATH={shlex.quote(str(package))} {python} {" ".join(map(shlex.quote, waker))} "$1"',
            "",
        )
    )


def _put(path: Path, content: bytes) -> None:
    """Replace the file as a whole, 0600, synced."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).rename(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
