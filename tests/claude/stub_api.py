"""A stub of the Messages API on loopback, for a real agent to talk to. What it answers stands in the prompt.

``SAY:text`` answers that; ``SLOWn`` a word a second for n seconds; ``HANGn`` nothing for n seconds; ``CALL:{name,
input}`` a tool call, then "The tool has finished."; ``THENn`` a word a second for n seconds after that call;
``E529`` and other numbers an error each time, with what stands after it in brackets; anything else a short text.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS_EVERY_S = 1.0
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class StubApi:
    """Serves on a port of its own until it is closed."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if not self.path.startswith("/v1/messages"):
            self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": "not here"}})
        elif "count_tokens" in self.path:
            self._json(200, {"input_tokens": 10})
        else:
            self._answer(asked)

    def do_GET(self) -> None:
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": "not here"}})

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, asked: dict[str, Any]) -> None:
        prompt, after_tool = last_prompt(asked.get("messages", []))
        if (failure := re.search(r"\bE(\d{3})(?:\[(.*?)\])?", prompt)) and not after_tool:
            code = int(failure[1])
            error = {"type": ERRORS[code], "message": failure[2] or ERRORS[code].replace("_", " ")}
            self._json(code, {"type": "error", "error": error})
            return
        if hang := re.search(r"HANG(\d+)", prompt):
            time.sleep(int(hang[1]))
        try:
            if asked.get("stream"):
                self._stream(asked, prompt, after_tool)
            else:
                self._json(200, message(asked, [{"type": "text", "text": spoken(prompt, after_tool)}]))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _stream(self, asked: dict[str, Any], prompt: str, after_tool: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._event("message_start", {"message": message(asked, [])})
        call = tool_call(prompt) if asked.get("tools") and not after_tool else None
        if call is None:
            spoken_words = ({"type": "text_delta", "text": word} for word in words(prompt, after_tool))
            self._block(0, {"type": "text", "text": ""}, spoken_words)
        else:
            use = {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", "name": call["name"], "input": {}}
            self._block(0, use, iter([{"type": "input_json_delta", "partial_json": json.dumps(call["input"])}]))
        delta = {"stop_reason": "end_turn" if call is None else "tool_use", "stop_sequence": None}
        self._event("message_delta", {"delta": delta, "usage": {"output_tokens": 9}})
        self._event("message_stop", {})

    def _block(self, index: int, start: dict[str, Any], deltas: Iterator[dict[str, Any]]) -> None:
        self._event("content_block_start", {"index": index, "content_block": start})
        for delta in deltas:
            self._event("content_block_delta", {"index": index, "delta": delta})
        self._event("content_block_stop", {"index": index})

    def _event(self, kind: str, fields: dict[str, Any]) -> None:
        self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())
        self.wfile.flush()

    def _json(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def last_prompt(messages: list[dict[str, Any]]) -> tuple[str, bool]:
    """What the user typed last, and whether a tool has answered since."""
    after_tool = False
    for one in reversed(messages):
        if one.get("role") != "user":
            continue
        content = one.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        after_tool |= any(part.get("type") == "tool_result" for part in parts)
        texts = [part["text"] for part in parts if part.get("type") == "text" and not part["text"].startswith("<")]
        if texts and not any(part.get("type") == "tool_result" for part in parts):
            return texts[-1], after_tool
    return "", after_tool


def tool_call(prompt: str) -> dict[str, Any] | None:
    start = prompt.find("CALL:")
    if start < 0:
        return None
    call, _ = json.JSONDecoder().raw_decode(prompt[start + 5 :])
    return dict(call)


def words(prompt: str, after_tool: bool) -> Iterator[str]:
    if slow := re.search(r"THEN(\d+)" if after_tool else r"SLOW(\d+)", prompt):
        for number in range(int(slow[1])):
            time.sleep(WORDS_EVERY_S)
            yield f"word{number} "
        return
    yield spoken(prompt, after_tool)


def spoken(prompt: str, after_tool: bool) -> str:
    if after_tool:
        return "The tool has finished. All done."
    said = re.search(r"SAY:(.*)", prompt)
    return said[1] if said else "Stub reply: hello from the stub."


def message(asked: dict[str, Any], content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "model": asked.get("model", "stub"),
        "content": content,
        "stop_reason": "end_turn" if content else None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 9},
    }
