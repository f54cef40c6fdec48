"""Parsers of proc(5) files: whatever a program calls itself, the numbers behind its name are read right."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.collect import procfs
from tests.unit.collect.fake_proc import stat_line

unhurried = settings(deadline=None)
"""Other work on the machine must not fail a test."""

NAMES = st.binary(max_size=15).filter(lambda name: b"\0" not in name)


@unhurried
@given(
    comm=NAMES,
    pid=st.integers(1, 4_194_304),
    ppid=st.integers(0, 4_194_304),
    cpu=st.integers(0, 2**40),
    ticks=st.integers(0, 2**50),
    rss=st.integers(0, 2**40),
    image=st.integers(0, 2**47),
)
def test_any_name_is_taken_apart_from_the_numbers_behind_it(
    comm: bytes, pid: int, ppid: int, cpu: int, ticks: int, rss: int, image: int
) -> None:
    stat = procfs.parse_stat(stat_line(pid, comm, ppid=ppid, cpu=cpu, ticks=ticks, rss=rss, image=image))
    assert stat is not None
    assert (stat.comm, stat.state, stat.ppid, stat.cpu_ticks) == (comm, "S", ppid, cpu)
    assert (stat.start_ticks, stat.rss_pages, stat.image) == (ticks, rss, image)
    assert stat.arguments == (b"%d" % (image + 1), b"%d" % (image + 2))


def test_names_made_to_mislead_are_read_to_their_end() -> None:
    for name in (b") R 1 1 1 (", b"a b) S", b"new\nline)", b"()", b""):
        stat = procfs.parse_stat(stat_line(77, name, ppid=5))
        assert stat is not None
        assert (stat.comm, stat.ppid) == (name, 5)


@unhurried
@given(st.binary(max_size=400))
def test_bytes_that_are_no_stat_never_raise(raw: bytes) -> None:
    procfs.parse_stat(raw)
    procfs.parse_stat(b"1 (x" + raw)
    procfs.parse_swap_bytes(raw)
    procfs.parse_swap_in_use(raw)


def test_a_cut_off_stat_is_none() -> None:
    assert procfs.parse_stat(stat_line(5)[:40]) is None
    assert procfs.parse_stat(b"") is None


@unhurried
@given(
    st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))), min_size=1, max_size=6)
)
def test_argv_survives_the_way_through_cmdline(words: list[str]) -> None:
    argv = (*words, "last")
    raw = b"".join(word.encode() + b"\0" for word in argv)
    assert procfs.parse_cmdline(raw)[0] == argv


@unhurried
@given(st.binary(max_size=300))
def test_any_command_line_gives_one_printable_line(raw: bytes) -> None:
    command = procfs.parse_cmdline(raw)[1]
    assert command.isprintable()
    assert len(command) <= 400


def test_a_title_padded_with_nuls_is_one_word() -> None:
    assert procfs.parse_cmdline(b"gunicorn: master [app]" + b"\0" * 40)[0] == ("gunicorn: master [app]",)
    assert procfs.parse_cmdline(b"python3\0w.py\0\0")[0] == ("python3", "w.py", "")
    assert procfs.parse_cmdline(b"")[0] == ()


def test_secrets_are_masked_in_the_command_and_kept_in_argv() -> None:
    argv, command = procfs.parse_cmdline(b"app\0--token=abcdef123456\0")
    assert argv[1] == "--token=abcdef123456"
    assert "abcdef" not in command


def test_swap_of_a_process_is_zero_only_when_measured() -> None:
    assert procfs.parse_swap_bytes(b"Pid:\t5\nVmSize:\t10 kB\nVmSwap:\t  12 kB\n") == 12 * 1024
    assert procfs.parse_swap_bytes(b"garbage") is None
    assert procfs.parse_swap_in_use(b"SwapTotal: 100 kB\nSwapFree: 99 kB\n") is True
    assert procfs.parse_swap_in_use(b"SwapTotal: 0 kB\nSwapFree: 0 kB\n") is False
    assert procfs.parse_swap_in_use(b"MemTotal: 1 kB\n") is None
