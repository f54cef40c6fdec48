"""JSON of others, decoded."""

from __future__ import annotations

from typing import Any

import msgspec


class NotJson(Exception):
    """These bytes are no JSON: malformed, not UTF-8, or nested beyond all measure."""


def decoded(content: bytes) -> Any:
    """The value that the bytes hold. Raises NotJson, and nothing else."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from None
