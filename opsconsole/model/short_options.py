"""Passwords behind options of one letter, which name nothing: known for a few programs, by the program's name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

HINT = re.compile(r"mysql|mariadb|curl|sshpass|redis-cli|ldap(?:search|modify|add)|smbclient")
"""What holds none of these names has none of these options."""
_BLANKS = re.compile(r"(\s+)")


class _Secret(NamedTuple):
    option: str
    attached: bool
    """Whether the rest of the word is it."""
    apart: bool
    """Whether the next word is it."""
    behind: str = ""
    """Where the secret begins in the value: ``:`` of ``user:password``; empty: all of it."""


_MYSQL = (_Secret("-p", attached=True, apart=False),)
_LDAP = (_Secret("-w", attached=True, apart=True),)
_PROGRAMS: dict[str, tuple[_Secret, ...]] = {
    **dict.fromkeys(
        (
            *("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mysqlshow", "mysqlbinlog", "mysqlslap"),
            *("mariadb", "mariadb-dump", "mariadb-admin", "mariadb-check"),
        ),
        _MYSQL,
    ),
    "curl": (
        _Secret("-u", attached=True, apart=True, behind=":"),
        _Secret("--user", attached=False, apart=True, behind=":"),
        _Secret("-U", attached=True, apart=True, behind=":"),
        _Secret("--proxy-user", attached=False, apart=True, behind=":"),
    ),
    "sshpass": (_Secret("-p", attached=True, apart=True),),
    "redis-cli": (_Secret("-a", attached=True, apart=True),),
    **dict.fromkeys(("ldapsearch", "ldapmodify", "ldapadd"), _LDAP),
    "smbclient": (_Secret("-U", attached=True, apart=True, behind="%"),),
}


def mask_words(words: Iterable[str], mask: str) -> Iterator[str]:
    """The same words, in order; of each the last program named before it says what its options are."""
    known: tuple[_Secret, ...] = ()
    awaited: _Secret | None = None
    for word in words:
        if not word or word.isspace():
            yield word
            continue
        if awaited is not None:
            secret, awaited = awaited, None
            yield _masked(word, secret.behind, mask)
            continue
        if _BLANKS.search(word):  # code, of a shell's -c
            yield mask_in_text(word, mask)
            continue
        if (program := _PROGRAMS.get(word.rpartition("/")[2].lstrip("'\"(`$"))) is not None:
            known = program
            yield word
            continue
        awaited = next((each for each in known if each.apart and word == each.option), None)
        attached = next(
            (each for each in known if each.attached and word.startswith(each.option) and len(word) > 2), None
        )
        yield f"{attached.option}{_masked(word[2:], attached.behind, mask)}" if attached is not None else word


def mask_in_text(text: str, mask: str) -> str:
    return "".join(mask_words(_BLANKS.split(text), mask))


def _masked(value: str, behind: str, mask: str) -> str:
    if not behind:
        return mask
    before, mark, secret = value.partition(behind)
    return f"{before}{mark}{mask}" if secret else value
