"""Every mistake in a config names file, line, key and what would be right; nothing else does."""

from __future__ import annotations

import copy
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.config.load import MAX_BYTES, ConfigError, load, parse
from opsconsole.config.problem import Problem

EXAMPLE = Path(__file__).parents[2] / "data" / "opsconsole.example.toml"
SERVICE = '[[service]]\nname = "a"\nport = 1\n'
WORKER = '[[worker]]\nname = "a"\ncommand = ["x"]\n'
SITE = '[[site]]\nname = "a"\nurl = "http://h/"\n'
ACTION = '[[action]]\nname = "a"\ncommand = ["x"]\n'
ENVIRONMENTS = '[environments]\nfile = "f"\n'


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("/etc/x.toml"))
    return caught.value.problems


def test_the_incidents_machine_is_described_whole() -> None:
    loaded = load(EXAMPLE)
    config = loaded.config
    assert loaded.path == EXAMPLE
    assert config.console.protect == ("sshd", "postgres")
    assert [service.name for service in config.service] == ["Architect Dashboard", "Reading App (Eden)"]
    assert config.service[0].command[:2] == ("python3", "app.py")
    assert config.worker[0].cwd == Path.home() / "architect"
    assert config.worker[0].component == "Architect Dashboard:orchestrator"
    assert config.worker[1].replaces == ("workers/auto_confirm_worker.py",)
    assert (config.worker[2].silent_after, config.worker[2].limits.memory) == (300.0, 500_000_000)
    assert config.site[1].tls is not None
    assert config.site[1].tls.verify is False
    assert (config.sessions.idle_after, config.sessions.attached_grace) == (3600.0, 900.0)
    assert config.environments is not None
    assert (config.environments.ttl, config.environments.port_pool) == (86400.0, "6001-6010")
    assert config.queue is not None
    assert config.queue.path == Path.home() / "architect/data/assigner/assigner.db"
    assert (config.alert[0].for_, config.alert[0].escalate[0].after) == (120.0, 600.0)
    assert config.target[0].want == "> 0.8"
    assert (config.action[0].on, config.action[0].changes) == ("service", False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            WORKER + 'pidfile = "p"',
            '4: [[worker]] "a" pidfile: unknown key; did you mean "pid_file"? (allowed: name, ',
        ),
        (WORKER + 'silent-after = "1m"', '4: [[worker]] "a" silent-after: unknown key; did you mean "silent_after"?'),
        (WORKER + "zzz = 1", '4: [[worker]] "a" zzz: unknown key; allowed: name, command, cwd, '),
        (
            WORKER + 'limits = { memry = "1GB" }',
            '4: [[worker]] "a" limits.memry: unknown key; did you mean "memory"? (allowed: memory, ',
        ),
        ('[consol]\nrefresh = "2s"', '1: [consol]: unknown key; did you mean "console"? (allowed: console, service, '),
        ('[[worker]]\nname = "a"\n', '1: [[worker]] "a" command: is missing; add command = ["python3", '),
        ("[[service]]\nport = 1", '1: [[service]] number 1 name: is missing; add name = "…"'),
        ('[console]\nrefresh = "5 parsecs"', '2: [console] refresh: "5 parsecs" is no duration; write it as "90s", '),
        ('[console]\nrefresh = "5"', '2: [console] refresh: "5" is no duration; write it as "5s"'),
        ('[console]\nrefresh = "1ms"', "2: [console] refresh: is shorter than any look"),
        ('[console]\ntheme = "drak"', '2: [console] theme: "drak" is no theme; did you mean "dark"? (allowed: dark, '),
        ('[console]\nprotect = "sshd"', '2: [console] protect: is text in quotes; write it as ["sshd"]'),
        ('[console]\nprotect = "a, b"', '2: [console] protect: is text in quotes; write it as ["a", "b"]'),
        (WORKER + "limits = { cpu = 3 }", '4: [[worker]] "a" limits.cpu: unknown key; did you mean "cpu_percent"?'),
        ('[console]\nallow_root = "true"', '2: [console] allow_root: "true" is text in quotes; write true without'),
        (WORKER + 'limits = { memory = "2G" }', '4: [[worker]] "a" limits.memory: "2G" is no size; write it as "2GB"'),
        (WORKER + "limits = { cpu_percent = nan }", '4: [[worker]] "a" limits.cpu_percent: nan is nothing to count'),
        ('[[service]]\nname = "a"\nport = 99999', '3: [[service]] "a" port: 99999 is no port; write 1 to 65535'),
        ('[[service]]\nname = "a"\nport = 0', '3: [[service]] "a" port: 0 is no port'),
        ('[[service]]\nname = "a"\nport = "80"', '3: [[service]] "a" port: "80" is text in quotes; write 80 without'),
        ('[[service]]\nname = "a"\nport = 8.5', '3: [[service]] "a" port: 8.5 is a number; a whole number is needed'),
        ('[[service]]\nname = "a"\nport = true', '3: [[service]] "a" port: true is true or false; a whole number'),
        ('[[service]]\nname = "a"\nport = 2024-01-01', '3: [[service]] "a" port: 2024-01-01 is a date or time; a whol'),
        (SERVICE * 2, '5: [[service]] "a" name: is also the name of service number 1; names must differ'),
        (SITE * 2, '5: [[site]] "a" name: is also the name of site number 1'),
        (WORKER * 2, '5: [[worker]] "a" name: is also the name of worker number 1'),
        (SERVICE.replace('"a"', r'"a\u202eb"'), '2: [[service]] "ab" name: "ab" has control, invisible or private'),
        (SERVICE.replace('"a"', '" "'), "2: [[service]] number 1 name: is empty"),
        (SERVICE + "expect = 20", '4: [[service]] "a" expect: 20 is no HTTP status; write 100 to 599'),
        (SERVICE + 'every = "0s"', '4: [[service]] "a" every: is too often; at least "200ms"'),
        (SERVICE + 'timeout = "0s"', '4: [[service]] "a" timeout: leaves no time'),
        (SERVICE + 'url = "localhost:80"', '4: [[service]] "a" url: "localhost:80" is no http or https URL; it begins'),
        (SERVICE + 'url = "http://h:99999/"', '4: [[service]] "a" url: "http://h:99999/" names no host, or what is no'),
        (SERVICE + 'url = "http:///x"', '4: [[service]] "a" url: "http:///x" names no host'),
        (SERVICE + 'url = "http://h/a b"', '4: [[service]] "a" url: "http://h/a b" has a blank'),
        (SERVICE + 'env = { A = 5 }', '4: [[service]] "a" env.A: 5 is a whole number; quote it'),
        (SERVICE + 'env = { "A=B" = "5" }', '4: [[service]] "a" env: "A=B" cannot name a variable'),
        (SERVICE + 'log = ""', '4: [[service]] "a" log: is empty; write a path, or leave the key out'),
        (SERVICE + "log = 5", '4: [[service]] "a" log: 5 is a whole number; a path in quotes is needed'),
        (SERVICE + 'log = "~nobody-of-that-name/x"', '4: [[service]] "a" log: "~nobody-of-that-name/x": no home'),
        (SERVICE + r'cwd = "a\u0000b"', '4: [[service]] "a" cwd: has a NUL character'),
        ('[[site]]\nname = "a"\nurl = "ftp://h"', '3: [[site]] "a" url: "ftp://h" is no http or https URL'),
        (SITE + 'tls = { fingerprint = "ab:cd" }', '4: [[site]] "a" tls.fingerprint: "ab:cd" is no fingerprint; "sha2'),
        ('[[worker]]\nname = "a"\ncommand = []', '3: [[worker]] "a" command: is empty; it is an argv list'),
        ('[[worker]]\nname = "a"\ncommand = ["", "x"]', '3: [[worker]] "a" command: is empty'),
        (
            '[[worker]]\nname = "a"\ncommand = "python3 \'a b.py\'"',
            '3: [[worker]] "a" command: is text in quotes; write it as ["python3", "a b.py"]',
        ),
        ('[[worker]]\nname = "a"\ncommand = [\n"x",\n5]', '5: [[worker]] "a" command item 2: 5 is a whole number; '),
        (WORKER + "instances = -1", '4: [[worker]] "a" instances: -1 is less than 0'),
        (WORKER + 'keep = "oldst"', '4: [[worker]] "a" keep: "oldst" is not one of its words; did you mean "oldest"?'),
        (WORKER + 'replaces = [" "]', '4: [[worker]] "a" replaces: item 1 is empty'),
        (WORKER + 'component = "nothing"', '4: [[worker]] "a" component: "nothing" is not SERVICE:COMPONENT; such as'),
        (WORKER + 'component = "b:c"', '4: [[worker]] "a" component: no [[service]] is named "b"'),
        (
            SERVICE.replace('"a"', '"Dashboard: main"') + WORKER + 'component = "Dashbord: main:c"',
            '7: [[worker]] "a" component: no [[service]] is named "Dashbord: main"; did you mean "Dashboard: main"?',
        ),
        ('worker = "x"', "1: worker: is text in quotes; write it as [[worker]]"),
        ('[worker]\nname = "a"', "1: [worker]: is a table; write it as [[worker]]"),
        ("[[console]]", "1: [[console]]: is a list; write it as [console]"),
        ("worker = [5]", "1: [[worker]] number 1: is a whole number; write each as a table [[worker]]"),
        ("[sessions]\nlimit = -1", "2: [sessions] limit: -1 is less than 0"),
        ('[sessions]\nsocket = "s"\nname = "n"', "3: [sessions] name: socket is there too; one of them"),
        ('[environments]\nurl = "http://h/"\nfile = "f"', "1: [environments]: has url and file; it needs exactly one"),
        ('[environments]\nttl = "1h"', "1: [environments]: has no source; it needs exactly one of url, command, file"),
        (ENVIRONMENTS + 'port_pool = "9-1"', '3: [environments] port_pool: "9-1" is the wrong way round; write "1-9"'),
        (ENVIRONMENTS + 'port_pool = "6001"', '3: [environments] port_pool: "6001" is not FIRST-LAST; such as "6001-'),
        (ENVIRONMENTS + 'port_pool = "1-70000"', '3: [environments] port_pool: "1-70000" holds what is no port'),
        (ENVIRONMENTS + 'ttl = "0s"', "3: [environments] ttl: makes every environment stale at once"),
        (ENVIRONMENTS + 'delete_url = "http://h/all"', "3: [environments] delete_url: does not say which one; it"),
        (ENVIRONMENTS + 'fields = { nam = "x" }', '3: [environments] fields.nam: unknown key; did you mean "name"?'),
        ('[queue]\npath = "q"\nsuccess_min = 50', "3: [queue] success_min: 50 is no share; 0.0 to 1.0; write 0.5"),
        ("[queue]", '1: [queue] path: is missing; add path = "data/queue.db"'),
        ('[[alert]]\nname = "a"\nwhen = ""', '3: [[alert]] "a" when: is empty'),
        ('[[alert]]\nname = "a"\nwhen = "load1 > 6"\ndo = ""', '4: [[alert]] "a" do: is empty'),
        (
            '[[alert]]\nname = "a"\nwhen = "load1 > 6"\n[[alert.escalate]]\ndo = "x"',
            '4: [[alert]] "a" escalate item 1.after: is missing; add after = "10m"',
        ),
        ('[[alert]]\nname = "a"\nwhen = "lod1 > 6"', '3: [[alert]] "a" when: no metric is named "lod1"; did you mean'),
        ('[[alert]]\nname = "a"\nwhen = "worker.b.instances > 1"', '3: [[alert]] "a" when: no [[worker]] is named "b"'),
        ('[[target]]\nname = "a"\nmetric = "load1"\nwant = "> x"', '4: [[target]] "a" want: "x" is no value for it'),
        ('[[rule]]\nname = "cpu-starve"', '2: [[rule]] "cpu-starve" name: no rule is named "cpu-starve"; did you mean'),
        ('[[rule]]\nname = "cpu-starved"\nseen = "5 of 3"', '3: [[rule]] "cpu-starved" seen: "5 of 3" is not "HOLDS'),
        ('[[error]]\nname = "a"\nmatch = "("', '3: [[error]] "a" match: "(" is no regular expression: '),
        ("[diagnose]\ncpu_idle_percent = 101", "2: [diagnose] cpu_idle_percent: 101 is no percentage; 0 to 100"),
        ('[queue]\npath = "q"\nworker = "b"', '3: [queue] worker: no [[worker]] is named "b"; there is none'),
        ('[[target]]\nname = "a"\nmetric = ""\nwant = "x"', '3: [[target]] "a" metric: is empty'),
        (ACTION + 'key = "ctrl+b"', '4: [[action]] "a" key: "ctrl+b" is reserved: it is the prefix of tmux; take'),
        (ACTION + 'key = "ctrl-A"', '4: [[action]] "a" key: "ctrl-A" is reserved'),
        (ACTION + 'key = "^s"', '4: [[action]] "a" key: "^s" is reserved'),
        (
            '[[action]]\nname = "a"\ncommand = ["bash", "-c", "echo {name}"]\n',
            '3: [[action]] "a" command: "echo {name}" is code, and what a field stands for would be run as such;',
        ),
        (
            '[environments]\nurl = "http://127.0.0.1:9/"\ndelete_command = ["sh", "-c", "rm {name}"]\n',
            '3: [environments] delete_command: "rm {name}" is code',
        ),
        (ACTION + 'on = "sites"', '4: [[action]] "a" on: "sites" is not one of its words; did you mean "site"?'),
        (
            f'{ACTION}key = "T"\n{ACTION}key = "T"'.replace('"a"', '"b"', 1),
            '8: [[action]] "a" key: "T" is the key of "b" on "system" too; take another',
        ),
        ("theme = 5", "1: theme: is a whole number; write it as [theme] and its keys below"),
        ("[console\n", "1: not TOML: "),
        ("a = 1\na = 2", "2: not TOML: Cannot overwrite a value"),
        ('\n\nx = """', "3: not TOML: "),
        (f"\nx = {'9' * 5000}", "2: not TOML that can be read: a number with too many digits"),
        ("\n\nx = " + "[" * 5000 + "\n", "3: not TOML that can be read: nested too deeply"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_line_and_key(text: str, said: str) -> None:
    (problem,) = problems(text)
    described = str(problem)
    assert described.startswith("/etc/x.toml:" if said[0].isdigit() else "/etc/x.toml: "), described
    assert said in described, described


def test_a_line_is_found_in_the_third_of_its_tables() -> None:
    text = "".join(f'# {n}\n[[worker]]\nname = "{n}"\ncommand = [\n  "x",\n]\n' for n in range(3)) + "instances = -1\n"
    (problem,) = problems(text)
    assert (problem.line, problem.column, problem.key) == (19, 1, ("worker", 2, "instances"))


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        '[console]\nfoo = 1\nrefresh = "x"\n'
        '[[service]]\nport = "x"\n'
        '[[worker]]\nname = "broken"\ncommand = 5\n'
        '[[worker]]\nname = "w"\ncommand = ["x"]\ninstances = -1\ncomponent = "nowhere:x"\n'
        '[[site]]\nname = "broken"\nurl = "ftp://x"\n'
    )
    assert [problem.line for problem in problems(text)] == [2, 3, 4, 5, 8, 12, 16]


def test_a_mistake_is_not_told_twice_as_its_consequence() -> None:
    """A service without a name is one mistake, whoever refers to it; a source of the wrong type still is a source."""
    assert len(problems("[[service]]\nport = 1\n" + WORKER + 'component = "x:y"')) == 1
    assert len(problems('[[worker]]\ncommand = ["x"]\n[queue]\npath = "q"\nworker = "x"')) == 1
    assert len(problems("[environments]\nurl = 5")) == 1
    assert len(problems('[[service]]\nname = "s"\nport = "x"\n' + WORKER + 'component = "s:y"')) == 1


def test_secrets_are_not_told() -> None:
    text = SERVICE + 'url = "http://me:hunter2@h:99999/"\nenv = { API_TOKEN = 31337 }'
    told = " ".join(map(str, problems(text)))
    assert "http://me:•••@h:99999/" in told
    assert "env.API_TOKEN" in told
    assert "hunter2" not in told
    assert "31337" not in told


def test_what_is_unusual_but_right() -> None:
    config = parse(
        SERVICE.replace('"a"', "\"Ä 🐍 'q'\"")
        + 'url = "HTTPS://[::1]:8443/x?y=%20"\ntls = { fingerprint = "sha256:'
        + "AB:" * 31
        + 'ab" }\n'
        + WORKER
        + "instances = 0\ncwd = '~'\nenv = { HOME = '' }\n[environments]\ncommand = ['./list']\nport_pool = '1-1'",
        Path("/etc/x.toml"),
    )
    assert config.worker[0].instances == 0
    assert config.worker[0].cwd == Path.home()


def test_relative_paths_start_at_the_tables_cwd_or_the_file(tmp_path: Path) -> None:
    config = parse(
        '[[worker]]\nname="a"\ncommand=["./x", "y.py"]\ncwd="w"\nlog="l"\npid_file="/abs"\n'
        '[[site]]\nname="s"\nurl="http://h"\ntls={ca="ca.pem"}\n[queue]\npath="q.db"\n[sessions]\nsocket="t"',
        tmp_path / "c.toml",
    )
    worker = config.worker[0]
    assert (worker.log, worker.pid_file) == (tmp_path / "w" / "l", Path("/abs"))
    assert worker.command == ("./x", "y.py")
    assert config.queue is not None
    assert config.queue.path == tmp_path / "q.db"
    assert config.site[0].tls is not None
    assert config.site[0].tls.ca == tmp_path / "ca.pem"
    assert config.sessions.socket == tmp_path / "t"


def test_a_relative_config_path_still_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text('[queue]\npath = "q.db"')
    loaded = load(Path("c.toml"))
    assert loaded.path == tmp_path / "c.toml"
    assert loaded.config.queue is not None
    assert loaded.config.queue.path == tmp_path / "q.db"


def test_files_that_are_no_config(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "latin").write_bytes(b"# fine\n# caf\xe9")
    (tmp_path / "huge").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "loop").symlink_to("loop")
    for name, said in (
        ("absent", "absent: there is no such file; `opsconsole init"),
        ("latin/x", "latin/x: cannot be opened: Not a directory"),
        ("fifo", "fifo: is not a regular file"),
        (".", ": is a directory"),
        ("latin", "latin:2: is not UTF-8: byte 0xe9; save it as UTF-8"),
        ("huge", "huge: is larger than 1048576 bytes"),
        ("loop", "loop: cannot be opened: Too many levels"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / name)
        assert said in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.touch(0o000)
    with pytest.raises(ConfigError, match="may not be read by us"):
        load(path)


def test_files_as_other_systems_write_them(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b'\xef\xbb\xbf[console]\r\nlabel = "x"\r\n')
    assert load(path).config.console.label == "x"
    path.write_bytes(b'[console]\r\n\r\nlabl = "x"\r\n')
    with pytest.raises(ConfigError, match=r"c\.toml:3: "):
        load(path)


def test_no_file_is_an_empty_config() -> None:
    loaded = load(None)
    assert (loaded.path, loaded.config.service, loaded.actions_refused) == (None, (), "")


def test_one_name_for_a_service_and_a_worker_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(SERVICE + WORKER)
    path.chmod(0o600)
    (warning,) = load(path).warnings
    assert f'{path}:5: [[worker]] "a" name: is a service\'s name too' in warning


def test_a_file_that_others_may_write_is_watched_with_but_runs_nothing(tmp_path: Path) -> None:
    """Neither by an action nor by asking for environments."""
    path = tmp_path / "c.toml"
    path.write_text('[environments]\ncommand = ["./list"]\n')
    path.chmod(0o666)
    loaded = load(path)
    assert f"{path} can be written by others (mode 666); chmod go-w {path}" in loaded.actions_refused
    assert any(loaded.actions_refused in warning for warning in loaded.warnings)
    assert any("[environments] is not run" in warning for warning in loaded.warnings)
    assert loaded.config.environments is not None
    assert loaded.config.environments.command == ()
    path.chmod(0o600)
    loaded = load(path)
    assert (loaded.actions_refused, loaded.warnings) == ("", ())
    assert loaded.config.environments is not None
    assert loaded.config.environments.command == ("./list",)


WRONG = st.one_of(
    st.none(), st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)


def _spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, item in items for spot in ((*at, key), *_spots(item, (*at, key)))]


DOCUMENT = tomllib.loads(EXAMPLE.read_text())


@settings(deadline=None)
@given(st.sampled_from(_spots(DOCUMENT)), WRONG)
def test_whatever_stands_at_any_key_it_loads_or_is_a_problem_there(spot: tuple[Any, ...], value: Any) -> None:
    """Never another exception, and never without a line. None stands for the key being gone."""
    import tomlkit

    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for key in spot[:-1]:
        place = place[key]
    if value is None:
        del place[spot[-1]]
    else:
        place[spot[-1]] = value
    try:
        parse(tomlkit.dumps(document), Path("/etc/x.toml"))
        told: tuple[Problem, ...] = ()
    except ConfigError as error:
        told = error.problems
    assert all(problem.line and problem.message for problem in told)
