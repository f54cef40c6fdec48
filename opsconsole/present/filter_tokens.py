"""The pieces that a filter with conditions is made of, and whether a text is such a filter at all. Pure."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

SIGNS = ("=", "!=", "~", "!~", "<", "<=", ">", ">=")
_SPELLINGS = {"==": "=", "=~": "~", "<>": "!=", "&&": "and", "||": "or"}
_SIGN = r"(?:!=|!~|<=|>=|==|=~|<>|=|~|<|>)"
_PATTERN = r"/(?:\\.|[^/\\])+/(?=[\s)]|$)"
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_COMPARES = re.compile(rf"(?:^|[\s(!])[A-Za-z_]\w*\s*{_SIGN}")
_BEGINS = re.compile(rf"(?:\(\s*|not\s+)*(?:!|{_PATTERN}|(?:{_QUOTED})(?=[\s)]|$))")
_JOINS = re.compile(rf"\s(?:and|or)\s+(?:not\s+)?(?:!|{_PATTERN}|{_QUOTED})")
_TOKEN = re.compile(
    rf"\s*(?:(?P<pattern>{_PATTERN})|(?P<quoted>{_QUOTED})|(?P<paren>[()])|(?P<join>&&|\|\|)|(?P<sign>{_SIGN})"
    r"|(?P<bang>!)|(?P<open>[\"'])|(?P<word>[^\s()=~<>!\"']+(?:!(?![=~])[^\s()=~<>!\"']*)*))"
)
_VALUE = re.compile(rf"\s*(?:(?P<pattern>{_PATTERN})|(?P<quoted>{_QUOTED})|(?P<word>[^\s()\"'][^\s)]*))")

Kind = Literal["word", "quoted", "pattern", "sign", "and", "or", "not", "(", ")"]


class Token(NamedTuple):
    kind: Kind
    text: str
    """Without quotation marks or slashes around it."""
    start: int
    end: int


def reads_as_conditions(text: str) -> bool:
    """Whether this is meant as conditions: it compares a word, or begins with a pattern, a quotation or a ``!``."""
    return any((_COMPARES.search(text), _BEGINS.match(text), _JOINS.search(text)))


def tokens(text: str) -> list[Token]:
    """The pieces of ``text`` in their order. Raises ValueError that says what cannot be read."""
    read: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        after_sign = bool(read) and read[-1].kind == "sign"
        match = (_VALUE.match(text, at) if after_sign else None) or _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text[at:end].strip()} cannot be read")
        at = match.end()
        read.append(_token(match))
    return read


def _token(match: re.Match[str]) -> Token:
    kind = str(match.lastgroup)
    text = match[kind]
    start, end = match.span(kind)
    if kind in ("pattern", "quoted"):
        return Token("pattern" if kind == "pattern" else "quoted", text[1:-1], start, end)
    if kind == "open":
        raise ValueError(f"the quotation mark {text} is not closed")
    if kind == "sign":
        return Token("sign", _SPELLINGS.get(text, text), start, end)
    word = _SPELLINGS.get(text, "not" if kind == "bang" else text)
    if word in ("(", ")"):
        return Token("(" if word == "(" else ")", word, start, end)
    lowered = word.casefold()
    if lowered == "and":
        return Token("and", text, start, end)
    if lowered == "or":
        return Token("or", text, start, end)
    return Token("not" if lowered == "not" else "word", text, start, end)
