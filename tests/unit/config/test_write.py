"""What `init` writes loads back, whatever the machine's processes are called, and replaces nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.config.load import parse
from opsconsole.config.types import Config, ServiceTable, WorkerTable
from opsconsole.config.write import ConfigFileError, render_config, write_config

WORD = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text.isprintable())


@given(st.lists(WORD, min_size=1, max_size=4, unique=True), st.lists(WORD, min_size=1, max_size=4))
def test_it_loads_back(names: list[str], argv: list[str]) -> None:
    found = Config(
        service=tuple(ServiceTable(name=name, port=place + 1) for place, name in enumerate(names)),
        worker=tuple(WorkerTable(name=name, command=tuple(argv)) for name in names),
    )
    read = parse(render_config(found), Path("/x/c.toml"))
    assert [service.name for service in read.service] == names
    assert [worker.command for worker in read.worker] == [tuple(argv)] * len(names)


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
