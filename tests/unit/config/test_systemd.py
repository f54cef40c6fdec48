"""Units out of a config: systemd itself finds nothing wrong with them, and reads commands back as they were."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.cli.root import opsconsole
from opsconsole.config.systemd import command_line, unit_files, word
from opsconsole.config.types import Config, Duration, LimitsTable, ServiceTable, Size, WorkerTable

AWKWARD = ("a b", "100%", "$HOME", 'say "hi"', "back\\slash", "it's", "", ";", "tab\there", "ünï", "*", "-x=y z")


def config(folder: Path) -> Config:
    program = folder / "run me.sh"
    program.write_text("#!/bin/sh\nexec sleep 1\n")
    program.chmod(0o755)
    return Config(
        worker=(
            WorkerTable(
                name="auto_confirm",
                command=(str(program), *AWKWARD),
                cwd=folder,
                env={"GREETING": "hello 100% $world", "A": "b"},
                log=folder / "auto confirm 100%.log",
                limits=LimitsTable(
                    memory=Size(500_000_000),
                    cpu_percent=50.0,
                    address_space=Size(4_000_000_000),
                    cpu_time=Duration(3600.0),
                    open_files=4096,
                ),
            ),
            WorkerTable(name="Pool / Élan", command=("python3", "pool.py"), cwd=folder, instances=3),
        ),
        service=(
            ServiceTable(name="Dashboard", port=8080, command=("./run me.sh",), cwd=folder),
            ServiceTable(name="only watched", port=9090),
        ),
    )


def test_there_is_a_unit_for_what_has_a_command_and_none_for_the_rest(tmp_path: Path) -> None:
    files = unit_files(config(tmp_path), tmp_path / "c.toml")
    assert set(files) == {
        "opsconsole-auto_confirm.service",
        "opsconsole-pool-lan@.service",
        "opsconsole-dashboard.service",
    }
    text = files["opsconsole-auto_confirm.service"]
    for line in (
        "Restart=on-failure",
        "MemoryMax=500000000",
        "CPUQuota=50%",
        "LimitAS=4000000000",
        "LimitCPU=3600",
        "LimitNOFILE=4096",
        f"WorkingDirectory={tmp_path}",
        f"StandardOutput=append:{tmp_path}/auto confirm 100%%.log",
        'Environment="GREETING=hello 100%% $world"',
    ):
        assert line in text.splitlines()
    assert f'ExecStart="{tmp_path}/run me.sh"' in files["opsconsole-dashboard.service"].splitlines()
    assert "enable --now opsconsole-pool-lan@{1..3}" in files["opsconsole-pool-lan@.service"]


def test_names_that_come_to_the_same_are_told_apart() -> None:
    same = Config(worker=tuple(WorkerTable(name=name, command=("sleep", "1")) for name in ("a b", "a-b", "???")))
    assert set(unit_files(same, None)) == {
        "opsconsole-a-b.service",
        "opsconsole-a-b-2.service",
        "opsconsole-unnamed.service",
    }


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here to be asked")
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    units = tmp_path / "units"
    units.mkdir()
    for name, text in unit_files(config(tmp_path), tmp_path / "c.toml").items():
        (units / name.replace("@.", "@1.")).write_text(text)
    (units / "default.target").write_text("[Unit]\nDescription=where they are wanted\n")
    # As the system's manager: a user's one looks for a session that a build machine does not have.
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *sorted(units.glob("*.service"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    complaints = [line for line in verified.stderr.splitlines() if str(units) in line or "opsconsole-" in line]
    assert complaints == []


def read_back(line: str) -> list[str]:
    """A line's words by systemd.syntax(7), specifiers and dollars included; written apart from the code under test."""
    words: list[bytearray] = []
    quoted = inside = False
    at = 0
    while at < len(line):
        sign = line[at]
        at += 1
        if sign == '"':
            quoted = not quoted
            if quoted and not inside:
                words.append(bytearray())
                inside = True
            continue
        if sign == " " and not quoted:
            inside = False
            continue
        if not inside:
            words.append(bytearray())
            inside = True
        if sign == "\\":
            code = line[at]
            if code == "x":
                words[-1].append(int(line[at + 1 : at + 3], 16))
                at += 3
                continue
            sign, at = {"n": "\n", "t": "\t", "r": "\r"}.get(code, code), at + 1
        elif sign in "%$":
            assert line[at] == sign, f"a single {sign} would be replaced"
            at += 1
        words[-1] += sign.encode()
    return [bytes(word).decode("utf-8", "surrogateescape") for word in words]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12), max_size=5))
def test_every_argument_comes_back_as_it_was(arguments: list[str]) -> None:
    line = command_line(("prog", *arguments), None)
    assert "\n" not in line
    assert read_back(line) == ["prog", *arguments]


def test_awkward_arguments_come_back_as_they_were() -> None:
    assert read_back(" ".join(word(one) for one in AWKWARD)) == list(AWKWARD)


def written(tmp_path: Path) -> str:
    path = tmp_path / "c.toml"
    path.write_text('[[worker]]\nname = "w"\ncommand = ["sleep", "60"]\nlog = "w.log"\n')
    path.chmod(0o600)
    return str(path)


def test_init_prints_them_or_writes_them_and_overwrites_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    printed = CliRunner().invoke(opsconsole, ["--config", path, "init", "--units"])
    assert printed.exit_code == 0, printed.stderr
    assert "ExecStart=sleep 60" in printed.stdout
    assert f"StandardOutput=append:{tmp_path}/w.log" in printed.stdout
    folder = tmp_path / "units"
    wrote = CliRunner().invoke(opsconsole, ["--config", path, "init", "--units", "-o", str(folder)])
    assert wrote.exit_code == 0, wrote.stderr
    assert [one.name for one in folder.iterdir()] == ["opsconsole-w.service"]
    assert (folder / "opsconsole-w.service").read_text() in printed.stdout
    (folder / "opsconsole-w.service").write_text("mine")
    again = CliRunner().invoke(opsconsole, ["--config", path, "init", "--units", "-o", str(folder)])
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert (folder / "opsconsole-w.service").read_text() == "mine"


def test_without_a_command_to_start_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[[service]]\nname = "a"\nport = 1\n')
    path.chmod(0o600)
    result = CliRunner().invoke(opsconsole, ["--config", str(path), "init", "--units"])
    assert result.exit_code == 2
    assert "command" in result.stderr
