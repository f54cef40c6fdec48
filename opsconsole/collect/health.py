"""What the body of a /health answer says: flat JSON, or JSON with its components nested. Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from opsconsole.collect.documents import NotJson, decoded
from opsconsole.model.text import shown

RUNNING = frozenset({"running", "up", "ok", "healthy", "connected", "active", "online", "ready", "pass"})
STOPPED = frozenset(
    {
        "stopped",
        "down",
        "dead",
        "failed",
        "error",
        "unhealthy",
        "disconnected",
        "inactive",
        "offline",
        "degraded",
        "fail",
    }
)
_FLAT = frozenset({"running", "stopped"})
"""In a flat body only these words make an entry a component: its other strings may mean anything."""


_HEALTH_PATH = re.compile(r"(?:health|live|ready|status|ping|heartbeat)[\w.-]*/?", re.IGNORECASE)
"""The last part of a path under which an API tells how it is: /health, /healthz, /health-check, /readyz, …"""


class Health(msgspec.Struct, frozen=True):
    """``components`` is None, and ``error`` says why, when the body could not be read."""

    components: dict[str, str] | None
    status: str = ""
    error: str = ""
    misplaced: bool = False
    """Whether no health URL answers so: a web page, or JSON that breaks off. Plain text and an empty body do occur."""


def read_health(body: bytes, cut: bool = False) -> Health:
    """Components and status of a body; empty, HTML, not JSON and wrong shape are told apart."""
    text = body.strip()
    if cut:
        return Health(None, error="the body is longer than 64 KB")
    if not text:
        return Health(None, error="the body is empty")
    if text[:1] == b"<":
        return Health(None, error="the body is HTML, not JSON", misplaced=True)
    try:
        document = decoded(text)
    except NotJson:
        return Health(None, error="the body is not JSON", misplaced=text[:1] in (b"{", b"["))
    if not isinstance(document, dict):
        return Health(None, error=f"the body is a JSON {type(document).__name__}, not an object")
    status = document.get("status")
    return Health(_components(document), shown(status, 40) if isinstance(status, str) else "")


def _components(document: dict[str, Any]) -> dict[str, str]:
    nested = document.get("components")
    found: dict[str, str] = {}
    if isinstance(nested, dict):
        for name, value in nested.items():
            state = value.get("status", value.get("state")) if isinstance(value, dict) else value
            if isinstance(state, bool):
                state = "running" if state else "stopped"
            if isinstance(state, str):
                found[shown(name, 80)] = shown(state, 40)
    for name, value in document.items():
        if isinstance(value, str) and value.lower() in _FLAT:
            found[shown(name, 80)] = shown(value, 40)
    return found


def is_health_url(url: str) -> bool:
    """Whether a URL's path says that it tells of health, and is not just any page of a service."""
    from urllib.parse import urlsplit

    return _HEALTH_PATH.fullmatch(urlsplit(url).path.rstrip("/").rpartition("/")[2]) is not None


def is_unwell(reported_status: str) -> bool:
    """Whether a body's own ``status`` says that something is amiss."""
    return reported_status.lower() in STOPPED


def is_running(state: str) -> bool:
    """Whether a component's own word means that it runs."""
    return state.lower() in RUNNING
