"""Reading a filter as it is typed: a text, a pattern, or conditions on columns. Pure.

``orchestrator``                       rows with that text in any cell; read as a pattern too where it is one
``/^arch.*dev$/``                      a pattern only (regular expression)
``!idle``                              rows without it
``cpu > 50 and state = idle``          conditions, with ``and``, ``or``, ``not`` and parentheses
``mem > 1GB or idle > 1h30m``          sizes and durations as people write them
``state = unknown``                    what cannot be told; it holds no other comparison
``cwd ~ /srv/``, ``name != "a b"``     a column that holds a text or pattern; words in quotation marks

What is written wrong is a `Mistake` that says so; a front then filters nothing away.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from opsconsole.present.cell import Column, Row
from opsconsole.present.filter_term import All, Either, Holds, Not, Number, Term, Text, Unknown, Word
from opsconsole.present.filter_tokens import SIGNS, Token, reads_as_conditions, tokens
from opsconsole.present.filter_value import amount

MOST_NESTED = 40
_METACHARACTERS = re.compile(r"[\\^$.|?*+\[\](){}]")
_EXPLOSIVE = re.compile(r"\([^()]*[+*}|][^()]*\)[+*{]")
"""A repeat around a repeat or a choice: such a pattern may take longer than anybody waits."""
_ALSO = {"memory": "mem", "pid": "pids", "pids": "pid", "instances": "count", "status": "state"}


class Mistake(NamedTuple):
    text: str
    """What is wrong, and what would be right."""


class RowFilter(NamedTuple):
    term: Term
    heads_only: bool
    """It judges a row of its own by its columns, and so all below it; else a row below may hold the text as well."""

    def matches(self, row: Row) -> bool:
        return self.term.holds(row) is True


class _Wrong(Exception):
    """Carries what is wrong up to `parse_filter`; never leaves this module."""


@lru_cache(64)
def parse_filter(written: str, columns: tuple[Column, ...]) -> RowFilter | Mistake:
    """The filter that ``written`` stands for in a table of these columns."""
    text = written.strip()
    try:
        if not reads_as_conditions(text):
            return RowFilter(loose_text(text), heads_only=False)
        read = _Reader(tokens(text), columns, text)
        term = read.all_of_it()
    except ValueError as error:
        return Mistake(str(error))
    except _Wrong as wrong:
        return Mistake(str(wrong))
    return RowFilter(term, heads_only=not isinstance(term, Text))


@lru_cache(64)
def loose_text(text: str) -> Text:
    """The text as it is, and as a pattern where it may be one: what is typed in passing is never wrong."""
    if not _METACHARACTERS.search(text) or _EXPLOSIVE.search(text):
        return Text(text.casefold())
    try:
        return Text(text.casefold(), _compiled(text))
    except (re.error, OverflowError, RecursionError):
        return Text(text.casefold())


def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # What may mean something else in a later version is written to stderr: over the screen.
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern, re.IGNORECASE)


def _pattern(written: str) -> Text:
    if _EXPLOSIVE.search(written):
        raise _Wrong("this pattern may never end: it repeats a group with a repeat or a choice in it")
    try:
        return Text("", _compiled(written))
    except (re.error, OverflowError, RecursionError) as error:
        raise _Wrong(f"pattern: {error}") from None


class _Reader:
    """Reads one list of tokens from left to right."""

    def __init__(self, read: Sequence[Token], columns: Sequence[Column], text: str) -> None:
        self._tokens = read
        self._columns = columns
        self._text = text
        self._at = 0
        self._depth = 0

    def all_of_it(self) -> Term:
        term = self._either()
        if (rest := self._next()) is not None:
            raise _Wrong("there is no ( for this )" if rest.kind == ")" else f"write and or or before {rest.text}")
        return term

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *kinds: str) -> Token | None:
        token = self._next()
        if token is None or token.kind not in kinds:
            return None
        self._at += 1
        return token

    def _either(self) -> Term:
        terms = [self._both()]
        while self._take("or"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def _both(self) -> Term:
        terms = [self._one()]
        while self._take("and"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _one(self) -> Term:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise _Wrong("this is nested too deeply")
        try:
            if self._take("not"):
                return Not(self._one())
            if self._take("("):
                term = self._either()
                if not self._take(")"):
                    raise _Wrong("a ) is missing")
                return term
            return self._condition_or_text()
        finally:
            self._depth -= 1

    def _condition_or_text(self) -> Term:
        token = self._next()
        if token is None:
            raise _Wrong("something is missing at the end")
        after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        if token.kind == "word" and after is not None and after.kind == "sign":
            self._at += 2
            return self._condition(token.text, after.text)
        if self._take("quoted"):
            return Text(token.text.casefold()) if token.text else self._refuse_empty()
        if self._take("pattern"):
            return _pattern(token.text)
        if token.kind == "word":
            return loose_text(self._words())
        raise _Wrong(f"{token.text} cannot stand here")

    def _refuse_empty(self) -> Term:
        raise _Wrong('"" holds for every row')

    def _words(self) -> str:
        """Words up to the next ``and``, sign or parenthesis, with the blanks between them."""
        first = last = self._tokens[self._at]
        while (token := self._next()) is not None and token.kind == "word":
            after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
            if token is not first and after is not None and after.kind == "sign":
                break
            last = token
            self._at += 1
        return self._text[first.start : last.end]

    def _condition(self, name: str, sign: str) -> Term:
        index = self._column(name)
        column = self._columns[index]
        value = self._next()
        if value is None or value.kind not in ("word", "quoted", "pattern"):
            raise _Wrong(f"a value is missing after {column.id} {sign}")
        if value.kind == "pattern":
            if sign not in ("~", "!~", "=", "!="):
                raise _Wrong(f"a pattern cannot be compared by {sign}; write {column.id} ~ /{value.text}/")
            self._at += 1
            held = Holds(index, _pattern(value.text))
            return Not(held) if sign.startswith("!") else held
        if value.kind == "quoted":
            self._at += 1
            written = value.text
        else:
            written = self._words()
        return _comparison(column, index, sign, written, quoted=value.kind == "quoted")

    def _column(self, name: str) -> int:
        wanted = name.casefold()
        names: dict[str, int] = {}
        for index, column in enumerate(self._columns):
            if column.title:
                names.setdefault(column.title.casefold().replace(" ", "_"), index)
        names |= {column.id: index for index, column in enumerate(self._columns) if column.title}
        for spelling in (wanted, _ALSO.get(wanted, "")):
            if spelling in names:
                return names[spelling]
        near = difflib.get_close_matches(wanted, names, n=1)
        ids = [column.id for column in self._columns if column.title]
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(ids)}"
        raise _Wrong(f'no column {name} here; {hint} (a text goes in "…")')


def _comparison(column: Column, index: int, sign: str, written: str, *, quoted: bool) -> Term:
    """``written`` against a column by its kind."""
    if sign in ("~", "!~"):
        if not written:
            raise _Wrong(f"a value is missing after {column.id} {sign}")
        held = Holds(index, Text(written.casefold()) if quoted else loose_text(written))
        return Not(held) if sign == "!~" else held
    word = written.strip().casefold()
    if word == "unknown" and sign in ("=", "!="):
        return Unknown(index, wanted=sign == "=")
    if column.kind not in ("text", "words"):
        # A column of numbers may hold words beside them, such as `none`.
        if not (sign in ("=", "!=") and (quoted or word.isalpha())):
            return Number(index, sign, amount(column, written), word)
    elif sign not in ("=", "!="):
        raise _Wrong(f"{column.id} holds text; compare it by {', '.join(one for one in SIGNS if one not in '<=>=')}")
    return Word(index, sign, word, any_word=column.kind == "words")
