"""Text from outside, made inert: cleaned once where it enters, secrets masked before anyone sees them.

``clean`` promises one printable line: no control, format (bidi, zero-width), surrogate, private-use or
unassigned characters, no line breaks, bounded length. It does not escape markup: screens show it as literal text.
"""

from __future__ import annotations

import re
import unicodedata

MASK = "•••"

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_SENSITIVE = (
    r"(?:api[-_]?key|access[-_]?key|secret(?:[-_]?key)?|token|passw(?:or)?d|passphrase|pwd|credentials?"
    r"|authorization|auth[-_]?token|bearer|private[-_]?key|cookie|session[-_]?key)"
)
_SECRET_PATTERNS = (
    # --api-key=value, api_key: value, "token": "value", DB_PASSWORD=value
    re.compile(
        rf"(?P<keep>[\w-]*{_SENSITIVE}[\w-]*[\"']?\s*[=:]\s*(?:(?:bearer|basic)\s+)?[\"']?)(?P<secret>[^\s\"'&,;]+)",
        re.IGNORECASE,
    ),
    # --token value
    re.compile(rf"(?P<keep>--?[\w-]*{_SENSITIVE}[\w-]*\s+)(?P<secret>[^\s-]\S*)", re.IGNORECASE),
    # Bearer value
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)(?P<secret>[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE),
    # scheme://user:password@host
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?P<secret>[^\s/@]+)(?=@)", re.IGNORECASE),
    # Keys that tell themselves by their prefix
    re.compile(
        r"(?P<keep>\b(?:sk|pk|rk|ghp|gho|ghs|ghu|github_pat|xox[abprs]|glpat|AKIA|ASIA)[-_]?)(?P<secret>[A-Za-z0-9_-]{12,})"
    ),
)
# A line holding none of these cannot match any pattern above: one cheap search spares most lines five.
_MAY_HOLD_SECRET = re.compile(
    r"key|secret|token|pass|pwd|credential|auth|bearer|basic|cookie|://[^\s/]*@|sk-|pk-|rk-|sk_|pk_|rk_|gh[posu]_|github_pat|xox|glpat|AKIA|ASIA",
    re.IGNORECASE,
)


def clean(text: str, limit: int = 400) -> str:
    """One printable line of at most ``limit`` characters; what was cut is marked with ``…``."""
    if len(text) > limit * 4:
        text = text[: limit * 4]
    if not (text.isascii() and text.isprintable()):
        text = "".join(_inert(character) for character in text)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text


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
    return mask_secrets(clean(text, limit))


def command_line(argv: tuple[str, ...], limit: int = 400) -> str:
    """An argv as one shown line. Arguments are joined by blanks, not quoted: it is for reading."""
    return shown(" ".join(argv), limit)
