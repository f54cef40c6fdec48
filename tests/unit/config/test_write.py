"""What `init` writes loads back, whatever the machine's processes are called, and replaces nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.config.load import parse
from opsconsole.config.types import Config, ServiceTable, WorkerTable
from opsconsole.config.write import ConfigFileError, render_config, write_config

WORD = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text.isprintable())


@settings(deadline=None)
@given(st.lists(WORD, min_size=1, max_size=4, unique=True), st.lists(WORD, min_size=1, max_size=4))
def test_it_loads_back(names: list[str], argv: list[str]) -> None:
    found = Config(
        service=tuple(ServiceTable(name=name, port=place + 1) for place, name in enumerate(names)),
        worker=tuple(WorkerTable(name=name, command=tuple(argv)) for name in names),
    )
    read = parse(render_config(found), Path("/x/c.toml"))
    assert [service.name for service in read.service] == names
    assert [worker.command for worker in read.worker] == [tuple(argv)] * len(names)


def test_an_argument_is_written_as_it_is_and_seen_as_it_is() -> None:
    """A line break or a right-to-left override in an argv is neither lost nor hidden from who reads the file."""
    command = ("./x", "a\nb\x1b[31m", "\u202etxt.exe")
    text = render_config(Config(worker=(WorkerTable(name="w", command=command),)))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert parse(text, Path("/x/c.toml")).worker[0].command == command


def test_what_cannot_be_written_as_it_is_is_left_out() -> None:
    workers = (
        WorkerTable(name="bytes", command=(os.fsdecode(b"./x\xff"),)),
        WorkerTable(name="nameless", command=("", "x")),
        WorkerTable(name="folder", command=("./x",), cwd=Path(os.fsdecode(b"/\xff"))),
        WorkerTable(name="fine", command=("./x",)),
    )
    assert [worker.name for worker in parse(render_config(Config(worker=workers)), Path("/x/c.toml")).worker] == [
        "fine"
    ]


def test_nothing_seen_still_gives_a_working_config() -> None:
    assert parse(render_config(Config()), Path("/x/c.toml")).service == ()


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    write_config(path, "# first\n")
    with pytest.raises(ConfigFileError, match="already"):
        write_config(path, "# second\n")
    assert path.read_text() == "# first\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "c.toml"
    link.symlink_to("elsewhere")
    with pytest.raises(ConfigFileError, match="already"):
        write_config(link, "")
    assert not (tmp_path / "elsewhere").exists()


def test_where_nothing_can_be_written_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match="No such file or directory"):
        write_config(tmp_path / "absent" / "c.toml", "")


def test_half_a_file_is_not_left_behind(tmp_path: Path) -> None:
    """A full disk, as a limit on the size of files: the same failure in the middle of writing."""
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(ConfigFileError, match="File too large"):
            write_config(tmp_path / "c.toml", "#" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
