"""What the stand-in draws: transcript, input box and footer, or a question. Pure: state to lines."""

from __future__ import annotations

from typing import NamedTuple

VERSION = "2.1.330"
BOX = "❯\u00a0"
SPINNER = "✢✳✶✻✽"
MODES = {
    "default": "⏸ manual mode on",
    "acceptEdits": "⏵⏵ accept edits on",
    "plan": "⏸ plan mode on",
    "bypassPermissions": "⏵⏵ bypass permissions on",
}
"""In the order in which Shift-Tab goes through them."""
VERBS = ("Germinating", "Caramelizing", "Ideating", "Cogitating")


class View(NamedTuple):
    """All that is to be seen."""

    name: str
    cwd: str
    turns: tuple[tuple[str, str], ...]
    """What was asked, and what was answered; an empty answer is still to come."""
    state: str
    """idle, working, hung, waiting or shell."""
    draft: str = ""
    beat: int = 0
    """Counts the spinner's and the prompt's changes."""
    working_s: float = 0.0
    ctrl_c: bool = False
    mode: str = "default"


def lines(view: View, width: int, height: int) -> list[str]:
    """Exactly ``height`` lines, the box at the bottom."""
    lower = question(view, width) if view.state == "waiting" else box(view, width)
    upper = banner(view) + transcript(view)
    room = max(0, height - len(lower))
    upper = upper[-room:] if room else []
    return [line[:width] for line in upper + [""] * (room - len(upper)) + lower][-height:]


def banner(view: View) -> list[str]:
    return [
        "",
        f" ▐▛███▛█   Claude Code v{VERSION}",
        "▝▜██████▀  Opus 5.5 · API Usage Billing",
        f" ▝▝   ▝▝   {view.cwd}",
        "",
    ]


def transcript(view: View) -> list[str]:
    shown: list[str] = []
    for asked, answered in view.turns:
        shown += ["", f"❯ {asked}"]
        if answered:
            shown += ["", f"● {answered}", "", "✻ Baked for 0s · done"]
    if view.state == "shell":
        shown[-1:] = ["✻ Cooked for 0s · done · 1 shell still running"]
    return shown


def box(view: View, width: int) -> list[str]:
    rule = "─" * width
    above = ["", spinner(view), "  ⎿  Tip: Use /statusline to add your own status line below the prompt", ""]
    return [
        *(above if view.state in ("working", "hung") else [""]),
        rule,
        BOX + view.draft,
        rule,
        footer(view),
    ]


def spinner(view: View) -> str:
    glyph = SPINNER[view.beat % len(SPINNER)]
    seconds = int(view.working_s)
    return f"{glyph} {VERBS[len(view.name) % len(VERBS)]}… ({seconds}s · ↓ {seconds * 2} tokens)"


def footer(view: View) -> str:
    if view.ctrl_c:
        return "  Press Ctrl-C again to exit"
    parts = [MODES[view.mode]]
    if view.state in ("working", "hung") and not view.draft:
        parts.append("esc to interrupt")
    elif view.state == "shell":
        parts += ["1 shell", "↓ to manage"]
    elif not view.draft:
        parts.append("? for shortcuts")
    return "  " + " · ".join(parts)


def question(view: View, width: int) -> list[str]:
    marker = "❯" if view.beat % 2 == 0 else " "
    return [
        "",
        "● Touching a file",
        "  ⎿  $ touch checked",
        "─" * width,
        " Bash command",
        "",
        " Touch a file",
        "╌" * width,
        " touch checked",
        "╌" * width,
        " Do you want to proceed?",
        f" {marker} 1. Yes",
        f"   2. Yes, and always allow access to {view.cwd} from this project",
        "   3. No",
        "",
        " Esc to cancel · Tab to amend",
    ]
