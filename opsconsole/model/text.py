"""Text from outside, made inert: cleaned once where it enters, secrets masked before anyone sees them.

``clean`` promises one printable line: no control, format (bidi, zero-width), surrogate, private-use or
unassigned characters, no line breaks, bounded length. It does not escape markup: screens show it as literal text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from opsconsole.model.short_options import HINT, mask_in_text, mask_words

MASK = "•••"

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_SENSITIVE = (
    r"(?:api[-_]?key|access[-_]?key|secret(?:[-_]?key)?|passw(?:or)?d|passphrase|pwd|credentials?"
    r"|(?:account|shared|signing|encryption|master|client|storage|deploy|webhook)[-_]?key"
    # ``pass`` is a word of many others, and of test results: it is one by itself, or what a name ends in.
    r"|(?:(?<=[-_])pass|(?-i:(?<=[a-z])Pass)|(?<![\w-])(?-i:pass)(?![\"']?\s*[=:]\s*\d+(?![\w.-])))(?![\w-])"
    # Tokens that are counted, as agents do, are none.
    r"|token(?!s[\"']?\s*[=:]\s*\d+(?![\w.-]))"
    r"|authorization|auth[-_]?token|bearer|private[-_]?key|cookie|session[-_]?key|amz-signature)"
)
# A word that holds such a name. It is looked at once, from its start, and never given back: a log may be one word.
_NAME = rf"(?<![\w-])(?=[\w-]*?{_SENSITIVE})[\w-]++"
_IS = r"(?:\\?[\"'])?\s*+[=:]\s*+"
_SCHEME = r"(?:(?:bearer|basic|token|digest|negotiate|api-?key|jwt|oauth|hmac|[\w-]{1,20}-sha256)\s++)?"
_SECRET_PATTERNS = (
    # -----BEGIN PRIVATE KEY----- and what follows; the full lines of its body
    re.compile(r"(?P<keep>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?P<secret>(?:(?!-----END)[^\n])++)"),
    re.compile(
        r"(?P<keep>^\s*+)(?P<secret>(?=[^A-Z]{0,69}[A-Z])(?=[^a-z]{0,69}[a-z])(?=\D{0,69}\d)"
        r"(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70})(?=\s*+$))"
    ),
    # Cookie: a=1; b=2, and Authorization: Digest a="1", b="2"
    re.compile(
        rf"(?P<keep>(?<![\w-])(?:set-)?cookie{_IS})(?P<secret>[^\s\"';]++(?:;\s*+[^\s\"';]++)*+)", re.IGNORECASE
    ),
    re.compile(
        rf"(?P<keep>(?<![\w-])(?:proxy-)?authorization{_IS}{_SCHEME})"
        r"(?P<secret>[^\s\"',]++(?:\"[^\"]*+\"?|\s++[^\s\"',]{16,}+)?(?:,\s*+[\w-]++=(?:\"[^\"]*+\"?|[^\s\"',]++))*+)",
        re.IGNORECASE,
    ),
    # --api-key=value, api_key: value, DB_PASSWORD=value, "token": "a value", \"password\": \"as JSON in JSON\"
    re.compile(
        rf"(?P<keep>(?<![\w-])(?=[\w-]++{_IS}){_NAME}{_IS}(?:[\[({{]?(?P<quote>\\?[\"'])|{_SCHEME}))"
        r"(?P<secret>(?(quote)(?:(?!(?P=quote))(?:\\.|[^\\]))++|[^\s\"'&,;]++))",
        re.IGNORECASE,
    ),
    # --token value
    re.compile(rf"(?P<keep>(?=-){_NAME}\s++)(?P<secret>[^\s-]\S*+)", re.IGNORECASE),
    # Bearer value
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s++)(?P<secret>[A-Za-z0-9._~+/=-]{8,}+)", re.IGNORECASE),
    # https://host/?code=value&sig=value: what signs in whoever has the URL
    re.compile(
        r"(?P<keep>[?&;](?:code=(?!\d{1,6}(?:[\s&\"'#]|$))|sig=|signature=))(?P<secret>[^\s\"'&,;]++)", re.IGNORECASE
    ),
    re.compile(r"(?P<keep>(?<![\w-])sig=)(?P<secret>[^\s\"'&,;%]{1,200}+%[^\s\"'&,;]++)"),
    # scheme://user:password@host, up to the last @ of the word, but no scheme://host:port/path@; and a name before the
    # host that is too long for a name
    re.compile(
        r"(?P<keep>://[^\s/:@\[]*+:)(?!\d{1,5}[/?#])"
        r"(?P<secret>(?:[^\s\"'@]{0,256}+@(?=[^\s\"'@]{0,256}+@))*+[^\s\"'@]{1,256}+)(?=@)"
    ),
    re.compile(r"(?P<keep>://[^\s/:@]*+:)(?P<secret>[^\s/@]++)(?=@)"),
    re.compile(r"(?P<keep>://)(?P<secret>[^\s/:@]{20,}+)(?=@)"),
    # Keys that tell themselves by their prefix; the secret half of a pair after its public one
    re.compile(
        r"(?P<keep>\b(?:(?:sk|pk|rk|ghp|gho|ghs|ghu|github_pat|xox[abprs]|xapp|glpat)[-_]|AKIA|ASIA|AIza|ya29\.))"
        r"(?P<secret>[A-Za-z0-9_-]{12,}+)"
    ),
    re.compile(r"(?P<keep>\b(?:(?:hf|npm|gsk|glsa|figd|shpat|dckr_pat|dop_v1)_|pypi-))(?P<secret>[A-Za-z0-9-]{20,}+)"),
    re.compile(rf"(?P<keep>\b(?:AKIA|ASIA){MASK}[\s:,;\"']{{1,4}})(?P<secret>[A-Za-z0-9/+=]{{16,}}+)"),
    # JSON web tokens: header.claims.signature
    re.compile(r"(?P<keep>(?<![\w-])eyJ)(?P<secret>[\w-]{8,}+\.[\w.-]++)"),
)
_USER_INFORMATION = re.compile(r"(?<=://)[^/?#\s]*@")
_NAMES_SECRET = re.compile(rf"(?=-){_NAME}", re.IGNORECASE)
"""An option whose value is the next argument."""
_HOLDS_SECRET = re.compile(rf"{_NAME}(?:=|:\s)", re.IGNORECASE)
"""The start of an argument that is a name and its secret: ``--token=…``, ``TOKEN=…``, ``X-Api-Key: …``."""
# A text holding none of these cannot match any pattern above: one cheap search spares most lines all of them.
_MAY_HOLD_SECRET = re.compile(
    r"key|secret|token|pass|pwd|credential|auth|bearer|basic|cookie|sk-|pk-|rk-|sk_|pk_|rk_|gh[posu]_|github_pat|xox|xapp"
    r"|glpat|AKIA|ASIA|AIza|ya29|hf_|npm_|gsk_|glsa_|figd_|shpat_|dckr_|dop_v1|pypi-|eyJ|[?&;]code=|sig=|signature",
    re.IGNORECASE,
)
_LINES_OF_KEYS = (64, 70)
"""Characters in a full line of a key's body, as openssl and as ssh-keygen write it."""


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


def _may_hold_secret(text: str) -> bool:
    return bool(("@" in text and "://" in text) or len(text) in _LINES_OF_KEYS or _MAY_HOLD_SECRET.search(text))


def mask_secrets(text: str) -> str:
    """The same text with the values of passwords, tokens and keys replaced by a mask."""
    if HINT.search(text):
        text = mask_in_text(text, MASK)
    if not _may_hold_secret(text):
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
    if HINT.search(text):
        argv = tuple(mask_words(argv, MASK))
        text = " ".join(argv)
    return shown(" ".join(_masked(argv)) if _may_hold_secret(text) else text, limit)


def masked_argv(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The same arguments with what looks like a secret masked; otherwise as they are."""
    if any(HINT.search(argument) for argument in argv):
        argv = tuple(mask_words(argv, MASK))
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
