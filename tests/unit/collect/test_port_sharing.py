"""Why several sockets or owners stand behind one port."""

from __future__ import annotations

from typing import Any

import pytest

from opsconsole.collect.port_sharing import overlap, ports_of, sharing
from opsconsole.model.identity import ProcessId
from opsconsole.model.listener import Listener, Owner
from opsconsole.model.process import ProcessTable
from tests.makers import AT, process, process_id, process_table


def listener(address: str, *pids: int, inode: int = 0, **changes: Any) -> Listener:
    fields: dict[str, Any] = {
        "address": address,
        "port": 8080,
        "family": 6 if ":" in address else 4,
        "inode": inode,
        "uid": 1000,
        "owners": tuple(Owner(process_id(pid), "x") for pid in pids),
        "owners_known": bool(pids),
        "v6_only": True if ":" in address else None,
    }
    return Listener(**{**fields, **changes})


TABLE = process_table(
    [
        process(5, "bash"),
        process(10, "python3 app.py", ppid=5),
        process(11, "python3 app.py", ppid=10),
        process(12, "python3 app.py", ppid=10),
        process(20, "python3 app.py --copy", ppid=5),
        process(30, "gunicorn: master", ppid=5, image=99),
        process(31, "gunicorn: worker", ppid=30, image=99),
        process(32, "gunicorn: worker", ppid=30, image=99),
        process(40, "python3 pool.py", ppid=5),
        process(41, "python3 -c x", ppid=40, argv=("python3", "-c", "from multiprocessing.spawn import x"), exe=None),
        process(42, "python3 -c x", ppid=40, argv=("python3", "-c", "from multiprocessing.spawn import x"), exe=None),
    ]
)


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ([listener("0.0.0.0", 10)], ""),
        ([listener("0.0.0.0", 10, 11)], "inherited"),
        ([listener("0.0.0.0", 10), listener("0.0.0.0", 20)], "reuseport"),
        ([listener("0.0.0.0", 10), listener("127.0.0.1", 20)], "reuseport"),
        ([listener("0.0.0.0", 10, 20), listener("0.0.0.0", 10)], "inherited"),
        ([listener("0.0.0.0", 11), listener("0.0.0.0", 12)], "inherited"),
        ([listener("0.0.0.0", 31), listener("0.0.0.0", 32)], "inherited"),
        ([listener("0.0.0.0", 41), listener("0.0.0.0", 42)], "inherited"),
        ([listener("0.0.0.0", 10), listener("0.0.0.0", 10)], ""),
        ([listener("0.0.0.0"), listener("0.0.0.0")], ""),
        ([listener("0.0.0.0", 10), listener("0.0.0.0")], ""),
        ([listener("0.0.0.0", 10), listener("::", 10)], "dual-stack"),
        ([listener("127.0.0.1", 10), listener("::1", 11)], "dual-stack"),
        ([listener("0.0.0.0"), listener("::")], "dual-stack"),
        ([listener("0.0.0.0", 10), listener("::", 20)], "addresses"),
        ([listener("0.0.0.0", 10), listener("::", 20, v6_only=False)], "reuseport"),
        ([listener("127.0.0.1", 10), listener("10.0.0.1", 10)], "addresses"),
        ([listener("127.0.0.1", 10), listener("10.0.0.1", 20)], "addresses"),
        ([listener("127.0.0.1", 10), listener("::ffff:127.0.0.1", 20)], "reuseport"),
        ([listener("0.0.0.0", 5), listener("0.0.0.0", 10)], "inherited"),  # 5 is the parent of 10: family
    ],
)
def test_sharing(listeners: list[Listener], expected: str) -> None:
    assert sharing(tuple(listeners), TABLE) == expected


def test_owners_that_are_gone_from_the_table_make_no_rivals() -> None:
    gone = Owner(ProcessId("boot", 99, 1), "x")
    assert sharing((listener("0.0.0.0", 10), listener("0.0.0.0", owners=(gone,))), TABLE) == "inherited"
    assert sharing((listener("0.0.0.0", 10), listener("0.0.0.0", 20)), None) == "inherited"


def test_what_is_not_told_about_v6_is_not_held_against_it() -> None:
    assert not overlap(listener("0.0.0.0"), listener("::", v6_only=None))
    assert overlap(listener("0.0.0.0"), listener("::", v6_only=False))


def test_ports_come_in_order_with_their_listeners() -> None:
    table = ProcessTable(AT, "boot", {})
    ports = ports_of([listener("::", port=9), listener("0.0.0.0", port=9), listener("0.0.0.0", port=8)], table)
    assert [(port.port, [one.address for one in port.listeners]) for port in ports] == [
        (8, ["0.0.0.0"]),
        (9, ["0.0.0.0", "::"]),
    ]
