"""Text from outside, made inert: cleaned once where it enters, secrets masked before anyone sees them.

``clean`` promises one printable line: no control, format (bidi, zero-width), surrogate, private-use or
unassigned characters, no line breaks, bounded length. It does not escape markup: screens show it as literal text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MASK = "•••"

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_SENSITIVE = (
    r"(?:api[-_]?key|access[-_]?key|secret(?:[-_]?key)?|passw(?:or)?d|passphrase|pwd|credentials?"
    # Tokens that are counted, as agents do, are none.
    r"|token(?!s[\"']?\s*[=:]\s*\d+(?![\w.-]))"
    r"|authorization|auth[-_]?token|bearer|private[-_]?key|cookie|session[-_]?key)"
)
# A word that holds such a name. It is looked at once, from its start, and never given back: a log may be one word.
_NAME = rf"(?<![\w-])(?=[\w-]*?{_SENSITIVE})[\w-]++"
_SECRET_PATTERNS = (
    # --api-key=value, api_key: value, "token": "value", DB_PASSWORD=value
    re.compile(
        rf"(?P<keep>{_NAME}[\"']?\s*+[=:]\s*+(?:(?:bearer|basic)\s++)?[\"']?)(?P<secret>[^\s\"'&,;]++)",
        re.IGNORECASE,
    ),
    # --token value
    re.compile(rf"(?P<keep>(?=-){_NAME}\s++)(?P<secret>[^\s-]\S*+)", re.IGNORECASE),
    # Bearer value
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s++)(?P<secret>[A-Za-z0-9._~+/=-]{8,}+)", re.IGNORECASE),
    # scheme://user:password@host, and a name before the host that is too long for a name
    re.compile(r"(?P<keep>://[^\s/:@]*+:)(?P<secret>[^\s/@]++)(?=@)"),
    re.compile(r"(?P<keep>://)(?P<secret>[^\s/:@]{20,}+)(?=@)"),
    # Keys that tell themselves by their prefix
    re.compile(
        r"(?P<keep>\b(?:(?:sk|pk|rk|ghp|gho|ghs|ghu|github_pat|xox[abprs]|glpat)[-_]|AKIA|ASIA))"
        r"(?P<secret>[A-Za-z0-9_-]{12,}+)"
    ),
)
_USER_INFORMATION = re.compile(r"(?<=://)[^/?#\s]*@")
_NAMES_SECRET = re.compile(rf"(?=-){_NAME}", re.IGNORECASE)
"""An option whose value is the next argument."""
_HOLDS_SECRET = re.compile(rf"{_NAME}(?:=|:\s)", re.IGNORECASE)
"""The start of an argument that is a name and its secret: ``--token=…``, ``TOKEN=…``, ``X-Api-Key: …``."""
# A line holding none of these cannot match any pattern above: one cheap search spares most lines six.
_MAY_HOLD_SECRET = re.compile(
    r"key|secret|token|pass|pwd|credential|auth|bearer|basic|cookie|://[^\s/]*@|sk-|pk-|rk-|sk_|pk_|rk_|gh[posu]_|github_pat|xox|glpat|AKIA|ASIA",
    re.IGNORECASE,
)


def clean(text: str, limit: int = 400) -> str:
    """One printable line of at most ``limit`` characters; what was cut is marked with ``…``."""
    return _cut(_printable(text, limit), limit)


def _printable(text: str, limit: int) -> str:
    """Cleaned; longer than ``limit`` by so much at most that what is left out of it later cannot make it too short."""
    if len(text) > limit * 4:
        text = text[: limit * 4]
    return text if text.isascii() and text.isprintable() else "".join(_inert(character) for character in text)


def _cut(text: str, limit: int) -> str:
    return text[: limit - 1] + "…" if len(text) > limit else text


def _inert(character: str) -> str:
    if character in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    category = unicodedata.category(character)
    # A no-break or an ideographic space looks like a blank and is not one: nobody could type it to find the name.
    return " " if category == "Zs" else "" if category in _UNSAFE_CATEGORIES else character


def mask_secrets(text: str) -> str:
    """The same text with the values of passwords, tokens and keys replaced by a mask."""
    if not _MAY_HOLD_SECRET.search(text):
        return text
    for pattern in _SECRET_PATTERNS:
        text = pattern.sub(rf"\g<keep>{MASK}", text)
    return text


def shown(text: str, limit: int = 400) -> str:
    """Cleaned and masked: the only form in which outside text reaches a screen, JSON, journal or report."""
    # Masked before it is cut: half a secret cannot be told as one.
    return _cut(mask_secrets(_printable(text, limit)), limit)


def shown_url(url: str) -> str:
    """A URL for people: cleaned, its user information and secrets masked."""
    return shown(_USER_INFORMATION.sub(f"{MASK}@", url))


def command_line(argv: tuple[str, ...], limit: int = 400) -> str:
    """An argv as one shown line. Arguments are joined by blanks, not quoted: it is for reading.

    A secret that is an argument of its own is masked to its end, whatever blanks it holds.
    """
    text = " ".join(argv)
    return shown(" ".join(_masked(argv)) if _MAY_HOLD_SECRET.search(text) else text, limit)


def masked_argv(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The same arguments with what looks like a secret masked; otherwise as they are."""
    return tuple(_masked(argv)) if _MAY_HOLD_SECRET.search(" ".join(argv)) else argv


def _masked(argv: tuple[str, ...]) -> Iterator[str]:
    before = ""
    for argument in argv:
        held = _HOLDS_SECRET.match(argument)
        if _NAMES_SECRET.fullmatch(before):
            yield MASK
        elif held is not None and before != "-c":  # after -c comes code, of which only the secret is masked
            yield f"{held[0]}{MASK}"
        else:
            yield argument
        before = argument
