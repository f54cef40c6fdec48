"""JSON of others, decoded."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class NotJson(Exception):
    """These bytes are no JSON: malformed, not UTF-8, nested beyond all measure, or of another shape."""


def decoded(content: bytes) -> Any:
    """The value that the bytes hold. Raises NotJson, and nothing else."""
    return decoded_as(content, object)


def decoded_as(content: bytes, kind: type[T]) -> T:
    """The value that the bytes hold, as one of this type. Raises NotJson, also when it is none, and nothing else."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from None
