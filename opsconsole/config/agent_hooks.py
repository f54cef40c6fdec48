"""Claude Code hooks that write what a session is doing into a file of its own: settings to be read and merged by hand.

Pure; nothing here installs anything. `collect/agent_hooks.py` reads what they write. The command is plain sh, says
nothing (what a hook prints can end up in the conversation) and always succeeds (a failing hook can block a turn). It
keeps the event as the agent tells it, for its owner's eyes only, beside the transcript that holds the same words.
"""

from __future__ import annotations

import json

FOLDER = "opsconsole"
"""Below the agent's own directory; a file for each agent's process."""
_WHERE = f'd="${{CLAUDE_CONFIG_DIR:-$HOME/.claude}}/{FOLDER}"; umask 077'
_KEEP = f'{_WHERE}; mkdir -p "$d" && cat >"$d/.$PPID" && mv -f "$d/.$PPID" "$d/$PPID.json"; exit 0'
_FORGET = f'{_WHERE}; rm -f "$d/$PPID.json"; exit 0'
_EVENTS = ("SessionStart", "UserPromptSubmit", "PermissionRequest", "Stop")
_WITHIN_S = 5


def hooks_text() -> str:
    """The part of Claude Code's settings.json with these hooks, as JSON."""
    commands = {**dict.fromkeys(_EVENTS, _KEEP), "SessionEnd": _FORGET}
    hooks = {
        event: [{"hooks": [{"type": "command", "command": command, "timeout": _WITHIN_S}]}]
        for event, command in commands.items()
    }
    return json.dumps({"hooks": hooks}, indent=2) + "\n"
