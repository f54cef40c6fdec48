"""What the real CLI is led into for a capture, and what it truly does then. Data only.

A step is a key of tmux in angle brackets (``<Enter>``), a pattern that must come onto the screen (``~Yes``), or text
that is typed. What a scene truly is was arranged by whoever wrote it, never read off the screen.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

Truth = Literal["idle", "draft", "in-use", "working", "waiting", "shell", "scheduled", "logged-out"]
"""``in-use``: at rest, but the next key goes to a menu, a mode or a dialogue the user has opened."""


class Scene(msgspec.Struct, frozen=True):
    name: str
    truth: Truth
    arguments: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    width: int = 120
    height: int = 40
    settings: dict[str, Any] = {}
    """Of ``~/.claude.json``, over what every scene has."""
    files: dict[str, str] = {}
    """In its directory, before it starts."""
    environment: tuple[str, ...] = ()
    """As env(1) takes it."""
    trusted: bool = True


def call(name: str, **given: Any) -> str:
    return "CALL:" + json.dumps({"name": name, "input": given})


BOX = "~(?m)^[❯>][ \xa0]"
ANSWERED = "~Stub reply"
LONG = "write a test for every one of the states that the console tells apart and say which of them cannot be reached "
COLOUR = [
    {
        "question": "Which colour?",
        "header": "Colour",
        "multiSelect": False,
        "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}],
    }
]
SEVERAL = [
    {**COLOUR[0], "multiSelect": True},
    {**COLOUR[0], "question": "Which shape?", "header": "Shape"},
]
TODOS = [
    {"content": "read the code", "status": "completed", "activeForm": "Reading the code"},
    {"content": "write the test", "status": "in_progress", "activeForm": "Writing the test"},
    {"content": "run it", "status": "pending", "activeForm": "Running it"},
]
TOUCH = call("Bash", command="touch made_by_tool", description="Touch a file")
NAP = call("Bash", command="sleep 1", description="Sleep")
RUN = call("Bash", command="tail -f /dev/null", description="Run")
BACKGROUND = call("Bash", command="sleep 300", description="Sleep", run_in_background=True)
AGENT = call("Task", description="Look around", prompt="SLOW300", subagent_type="general-purpose")
AGENT_BEHIND = call(
    "Task", description="Look around", prompt="SLOW300", subagent_type="general-purpose", run_in_background=True
)
MAY_SLEEP = ("--allowedTools", "Bash(sleep:*)")
MAY_RUN = ("--allowedTools", "Bash(tail:*)")
BEHIND = ("~(?i)finished|background", "~(?i)All done|1 (shell|bash)|background")
STATUS_LINE = {"statusLine": {"type": "command", "command": "echo '~/x (main) | 12% left | Opus'"}}
HINTING = {"statusLine": {"type": "command", "command": "echo '? for shortcuts'"}}
MCP = json.dumps({"mcpServers": {"notes": {"command": "cat", "args": []}}})


def _settings(**given: Any) -> tuple[str, ...]:
    return ("--settings", json.dumps(given))


def _at_rest() -> list[Scene]:
    sized = [
        Scene(f"{name}_{width}", truth, arguments, steps, width=width, height=height)
        for width, height in ((60, 24), (80, 24), (200, 50), (250, 60))
        for name, truth, arguments, steps in (
            ("fresh", "idle", (), (BOX,)),
            ("answered", "idle", ("hello",), (ANSWERED,)),
            ("long_draft", "draft", (), (BOX, LONG)),
        )
    ]
    themed = [
        Scene(f"theme_{theme}", "idle", ("hello",), (ANSWERED,), settings={"theme": theme})
        for theme in ("light", "dark-daltonized", "light-daltonized", "dark-ansi", "light-ansi")
    ]
    return [
        *sized,
        *themed,
        Scene("fresh", "idle", (), (BOX,)),
        Scene("answered", "idle", ("hello",), (ANSWERED,)),
        Scene("no_color", "idle", ("hello",), (ANSWERED,), environment=("NO_COLOR=1",)),
        Scene("plain_term", "idle", ("hello",), (ANSWERED,), environment=("TERM=screen",)),
        Scene("accept_edits", "idle", ("hello",), (ANSWERED, "<BTab>")),
        Scene("plan_mode", "idle", ("hello",), (ANSWERED, "<BTab>", "<BTab>")),
        Scene("next_mode", "idle", ("hello",), (ANSWERED, "<BTab>", "<BTab>", "<BTab>")),
        Scene(
            "bypass",
            "idle",
            ("--dangerously-skip-permissions",),
            (BOX,),
            environment=("IS_SANDBOX=1",),
            settings={"bypassPermissionsModeAccepted": True},
        ),
        Scene("tool_done", "idle", (NAP, *MAY_SLEEP), ("~All done",)),
        Scene("todos_done", "idle", (call("TodoWrite", todos=TODOS),), ("~All done",)),
        Scene("agent_done", "idle", (AGENT.replace("SLOW300", "hello"),), ("~All done",)),
        Scene("interrupted", "idle", ("SLOW300",), ("~word1", "<Escape>", "~(?i)interrupt")),
        Scene("rejected", "idle", (TOUCH,), ("~Do you want", "<Escape>", BOX)),
        Scene("error_400", "idle", ("E400[prompt is too long: 210000 tokens > 200000 maximum]",), ("~(?i)too long",)),
        Scene("error_403", "logged-out", ("E403",), ("~(?i)error|permission",)),
        Scene("status_line", "idle", ("hello", *_settings(**STATUS_LINE)), (ANSWERED, "~12% left")),
        Scene("status_line_hinting", "idle", ("hello", *_settings(**HINTING)), (ANSWERED,)),
        Scene("renamed", "idle", ("hello",), (ANSWERED, "/rename the_name", "<Enter>", "~the_name")),
        Scene("cleared", "idle", ("hello",), (ANSWERED, "/clear", "<Enter>", BOX)),
        Scene("compacted", "idle", ("hello",), (ANSWERED, "/compact", "<Enter>", "~(?i)compact")),
        Scene("cost_told", "in-use", ("hello",), (ANSWERED, "/cost", "<Enter>")),
        Scene("bash_done", "idle", ("hello",), (ANSWERED, "!", "echo told_by_bash", "<Enter>", "~told_by_bash")),
        Scene("quoting_itself", "idle", ("SAY:✻ Brewing… (3s · esc to interrupt)",), ("~Brewing",)),
        Scene("vim", "idle", ("hello",), (ANSWERED,), settings={"editorMode": "vim"}),
        Scene("vim_normal", "idle", ("hello",), (ANSWERED, "<Escape>"), settings={"editorMode": "vim"}),
    ]


def _in_use() -> list[Scene]:
    opening = ("help", "model", "config", "status", "theme", "permissions", "resume", "hooks", "memory", "export")
    opening = (*opening, "login", "usage", "tasks", "plugin", "skills", "stats")
    printing = ("mcp", "agents", "output-style", "doctor", "context", "ide", "statusline", "feedback")
    return [
        *(Scene(f"slash_{name}", "in-use", ("hello",), (ANSWERED, f"/{name}", "<Enter>", "~Esc")) for name in opening),
        *(Scene(f"slash_{name}", "idle", ("hello",), (ANSWERED, f"/{name}", "<Enter>")) for name in printing),
        Scene("slash_menu", "in-use", (), (BOX, "/")),
        Scene("slash_menu_narrow", "in-use", (), (BOX, "/mo"), width=60, height=20),
        Scene("slash_no_match", "in-use", (), (BOX, "/nosuchcommand")),
        Scene("file_menu", "in-use", (), (BOX, "look at @"), files={"one.py": "", "two.py": ""}),
        Scene("help_open", "in-use", (), (BOX, "?")),
        Scene("bash_mode", "in-use", (), (BOX, "!")),
        Scene("history_search", "in-use", ("hello",), (ANSWERED, "<C-r>")),
        Scene("transcript", "in-use", ("hello",), (ANSWERED, "<C-o>")),
        Scene("rewind", "in-use", ("hello",), (ANSWERED, "<Escape>", "<Escape>", "~Rewind")),
    ]


def _drafts() -> list[Scene]:
    return [
        Scene("draft", "draft", (), (BOX, "half a thought")),
        Scene("draft_answered", "draft", ("hello",), (ANSWERED, "half a thought")),
        Scene("draft_lines", "draft", (), (BOX, "first\\", "<Enter>", "second\\", "<Enter>", "third")),
        Scene("draft_pasted", "draft", (), (BOX, "<paste>")),
        Scene("draft_shell", "draft", (), (BOX, "!", "ls -l")),
        Scene("draft_memory", "draft", (), (BOX, "# remember this")),
        Scene("draft_question", "draft", (), (BOX, "why? for shortcuts")),
        Scene("draft_recalled", "draft", ("hello",), (ANSWERED, "<Up>")),
        Scene("draft_escape_once", "draft", (), (BOX, "half a thought", "<Escape>")),
        Scene("vim_draft", "draft", (), (BOX, "half a thought", "<Escape>"), settings={"editorMode": "vim"}),
    ]


def _working() -> list[Scene]:
    sized = [
        Scene(f"{name}_{width}", "working", arguments, steps, width=width, height=height)
        for width, height in ((60, 24), (80, 24), (200, 50))
        for name, arguments, steps in (
            ("slow", ("SLOW300",), ("~word1",)),
            ("silent_draft", ("HANG300",), (BOX, "<Wait>", "half a thought")),
        )
    ]
    return [
        *sized,
        Scene("slow", "working", ("SLOW300",), ("~word1",)),
        Scene("silent", "working", ("HANG300",), (BOX, "<Wait>")),
        Scene("slow_draft", "working", ("SLOW300",), ("~word1", "half a thought")),
        Scene("slow_menu", "working", ("SLOW300",), ("~word1", "/")),
        Scene("slow_help", "working", ("SLOW300",), ("~word1", "?")),
        Scene("slow_file_menu", "working", ("SLOW300",), ("~word1", "@"), files={"one.py": ""}),
        Scene("slow_bash_mode", "working", ("SLOW300",), ("~word1", "!")),
        Scene("slow_queued", "working", ("SLOW300",), ("~word1", "and then this", "<Enter>")),
        Scene("slow_transcript", "working", ("SLOW300",), ("~word1", "<C-o>")),
        Scene("slow_status", "in-use", ("SLOW300",), ("~word1", "/status", "<Enter>")),
        Scene("slow_model", "in-use", ("SLOW300",), ("~word1", "/model", "<Enter>")),
        Scene("slow_accept_edits", "working", ("SLOW300",), ("~word1", "<BTab>")),
        Scene("slow_status_line", "working", ("SLOW300", *_settings(**STATUS_LINE)), ("~word1", "~12% left")),
        Scene("slow_status_line_hinting", "working", ("SLOW300", *_settings(**HINTING)), ("~word1",)),
        Scene("slow_light", "working", ("SLOW300",), ("~word1",), settings={"theme": "light"}),
        Scene("slow_vim", "working", ("SLOW300",), ("~word1",), settings={"editorMode": "vim"}),
        Scene("tool", "working", (RUN, *MAY_RUN), (BOX, "<Wait>")),
        Scene("tool_draft", "working", (RUN, *MAY_RUN), (BOX, "<Wait>", "half a thought")),
        Scene("tool_menu", "working", (RUN, *MAY_RUN), (BOX, "<Wait>", "/")),
        Scene("todos", "working", (call("TodoWrite", todos=TODOS) + " THEN300",), ("~word1",)),
        Scene("todos_hidden", "working", (call("TodoWrite", todos=TODOS) + " THEN300",), ("~word1", "<C-t>")),
        Scene("agent", "working", (AGENT,), ("~Look around", "<Wait>")),
        Scene("agent_behind", "working", (AGENT_BEHIND,), ("~Look around", "<Wait>")),
        Scene("overloaded", "idle", ("E529",), ("~API Error",)),
        Scene("rate_limited", "working", ("E429",), ("~(?i)retry",)),
        Scene("api_error", "working", ("E500",), ("~(?i)retry",)),
        Scene(
            "unreachable",
            "working",
            ("hello",),
            ("~(?i)retry",),
            environment=("ANTHROPIC_BASE_URL=http://127.0.0.1:9",),
        ),
        Scene("compacting", "working", ("SAY:HANG300",), ("~HANG300", "/compact HANG300", "<Enter>", "<Wait>")),
        Scene("bash_running", "working", ("hello",), (ANSWERED, "!", "sleep 300", "<Enter>", "<Wait>")),
        Scene("side_question", "in-use", ("SLOW300",), ("~word1", "/btw what is this", "<Enter>")),
    ]


def _waiting() -> list[Scene]:
    write = call("Write", file_path="made.txt", content="one\ntwo\n")
    edit = call("Edit", file_path="one.py", old_string="a", new_string="b")
    plan = (call("ExitPlanMode", plan="# A plan\n\n1. Do it"), "--permission-mode", "plan")
    sized = [
        Scene(f"permission_{width}", "waiting", (TOUCH,), ("~Do you want",), width=width, height=height)
        for width, height in ((60, 24), (80, 24), (200, 50))
    ]
    return [
        *sized,
        Scene("permission", "waiting", (TOUCH,), ("~Do you want",)),
        Scene("permission_light", "waiting", (TOUCH,), ("~Do you want",), settings={"theme": "light"}),
        Scene("permission_amended", "waiting", (TOUCH,), ("~Do you want", "<Tab>", "but not now")),
        Scene("permission_no", "waiting", (TOUCH,), ("~Do you want", "<Down>", "<Down>")),
        Scene("permission_write", "waiting", (write,), ("~Do you want",)),
        Scene(
            "permission_edit",
            "waiting",
            (f"{call('Read', file_path='one.py')}",),
            (BOX, "~All done", edit, "<Enter>", "~Do you want"),
            files={"one.py": "a\n"},
        ),
        Scene(
            "permission_fetch",
            "waiting",
            (call("WebFetch", url="http://127.0.0.1:9/x", prompt="x"),),
            ("~Do you want",),
        ),
        Scene("question", "waiting", (call("AskUserQuestion", questions=COLOUR),), ("~Which colour",)),
        Scene(
            "question_80",
            "waiting",
            (call("AskUserQuestion", questions=COLOUR),),
            ("~Which colour",),
            width=80,
            height=24,
        ),
        Scene("questions", "waiting", (call("AskUserQuestion", questions=SEVERAL),), ("~Which colour",)),
        Scene(
            "question_typed",
            "waiting",
            (call("AskUserQuestion", questions=COLOUR),),
            ("~Which colour", "<Down>", "<Down>", "gree"),
        ),
        Scene("plan_approval", "waiting", plan, ("~(?i)A plan", "<Wait>")),
        Scene("trust", "waiting", (), ("~(?i)trust",), trusted=False),
        Scene("api_key", "waiting", (), ("~(?i)API key",), settings={"customApiKeyResponses": {}}),
        Scene("onboarding", "waiting", (), ("~(?i)theme|text style",), settings={"hasCompletedOnboarding": False}),
        Scene("mcp_trust", "waiting", (), ("~(?i)MCP",), files={".mcp.json": MCP}),
        Scene(
            "bypass_warning",
            "waiting",
            ("--dangerously-skip-permissions",),
            ("~(?i)bypass",),
            environment=("IS_SANDBOX=1",),
        ),
        Scene("resume_picker", "waiting", ("--resume",), ("<Wait>",)),
    ]


def _behind() -> list[Scene]:
    return [
        Scene("background", "shell", (BACKGROUND, *MAY_SLEEP), BEHIND),
        Scene("background_60", "shell", (BACKGROUND, *MAY_SLEEP), BEHIND, width=60, height=24),
        Scene("background_draft", "shell", (BACKGROUND, *MAY_SLEEP), (*BEHIND, "half a thought")),
        Scene("background_status_line", "shell", (BACKGROUND, *MAY_SLEEP, *_settings(**STATUS_LINE)), BEHIND),
        Scene("background_listed", "in-use", (BACKGROUND, *MAY_SLEEP), (*BEHIND, "/tasks", "<Enter>")),
        Scene("background_selected", "shell", (BACKGROUND, *MAY_SLEEP), (*BEHIND, "<Down>")),
        Scene(
            "scheduled",
            "scheduled",
            (call("CronCreate", cron="0 0 1 1 *", prompt="later", recurring=True), "--allowedTools", "CronCreate"),
            ("~All done",),
        ),
        Scene("logged_out", "logged-out", ("hello",), ("~(?i)login",), environment=("-u", "ANTHROPIC_API_KEY")),
        Scene(
            "logged_out_80",
            "logged-out",
            ("hello",),
            ("~(?i)login",),
            environment=("-u", "ANTHROPIC_API_KEY"),
            width=80,
            height=24,
        ),
        Scene("login_expired", "logged-out", ("E401[OAuth token has expired]",), ("~(?i)login",)),
    ]


SCENES: tuple[Scene, ...] = (*_at_rest(), *_in_use(), *_drafts(), *_working(), *_waiting(), *_behind())
