"""What screens of real agents show: the labelled captures of four versions, and what may be made of them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from opsconsole.collect.agent_screen import mode_shown, read_screen
from opsconsole.collect.agents import builtin_agents
from opsconsole.model.agent import AgentScreen, ScreenKind
from tests.makers import AT

CAPTURES = Path(__file__).parents[2] / "data" / "claude-screens"
LABELS: dict[str, dict[str, str]] = json.loads((CAPTURES / "labels.json").read_text())
MAY_SHOW: dict[str, set[ScreenKind]] = {
    "idle-candidate": {"rest", "quiet"},
    "idle-busy-box": {"in-use"},
    "draft": {"draft"},
    "waiting": {"question"},
    "working": {"working", "in-use"},
    "shell": {"background"},
    "scheduled": {"background", "quiet"},
    "logged-out": {"logged-out"},
    "broken-terminal": {"no-box"},
    "suspended": {"no-box"},
}
RULE = "─" * 80


def show(text: str, version: str = "2.1.330", agent: str = "claude-code") -> AgentScreen:
    return read_screen(text, builtin_agents().profiles[agent].screen, version, AT)


def box(content: str, footer: str = "  ⏸ manual mode on · ? for shortcuts", above: str = "") -> str:
    return f"{above}\n{RULE}\n{content}\n{RULE}\n{footer}\n\n\n"


@pytest.mark.parametrize("name", LABELS)
def test_each_labelled_capture_shows_what_it_was(name: str) -> None:
    label = LABELS[name]
    screen = show((CAPTURES / name).read_text(), label["version"])
    assert screen.kind in MAY_SHOW[label["truth"]], screen


@pytest.mark.parametrize("name", LABELS)
def test_only_a_screen_at_rest_is_ever_taken_for_one_even_when_the_version_is_not_known(name: str) -> None:
    screen = show((CAPTURES / name).read_text(), "")
    if LABELS[name]["truth"] != "idle-candidate":
        assert screen.kind != "rest", screen


@pytest.mark.parametrize("name", [name for name, label in LABELS.items() if label["truth"] != "idle-candidate"])
def test_no_part_of_a_busy_screen_passes_for_one_at_rest(name: str) -> None:
    """Cut at any line from above, or narrower, or with the transcript of another one above it."""
    lines = (CAPTURES / name).read_text().rstrip("\n").split("\n")
    chance = random.Random(name)
    resting = (CAPTURES / "330_idle_after_tool.txt").read_text().split("\n")
    version = LABELS[name]["version"]
    spoilt = [lines[start:] for start in range(len(lines) - 4)]
    spoilt += [[line[:width] for line in lines] for width in (40, 60, 80, 100)]
    spoilt += [[*resting[: chance.randrange(len(resting))], *lines] for _ in range(10)]
    for one in spoilt:
        # The one thing that tells 2.0.76 at work from rest is a line above the box: without it nobody can know.
        if version == "2.0.76" and not any("esc to interrupt" in line for line in one):
            continue
        screen = show("\n".join(one), version)
        assert screen.kind != "rest", "\n".join(one)


def test_a_draft_is_told_apart_from_the_faint_placeholder() -> None:
    assert show(box("❯\xa0write the tests")).draft == "write the tests"
    assert show(box("❯\xa0\x1b[2mTry “fix the lint errors”\x1b[0m")).kind == "rest"
    assert show(box("❯\xa0\x1b[7mT\x1b[0;2mry “fix the lint errors”\x1b[0m")).kind == "rest"
    assert show(box("\x1b[38;5;231m❯\xa0\x1b[7m \x1b[0m")).kind == "rest"
    several = show(box("❯\xa0first\n  second\n  third"))
    assert (several.kind, several.draft) == ("draft", "first second third")


def test_attributes_last_from_line_to_line_as_tmux_writes_them() -> None:
    screen = show(box("❯\xa0\x1b[2mfaint, and\n  on the next line too\x1b[0m"))
    assert screen.kind == "rest"
    assert show(box("❯\xa0\x1b[38;5;2mgreen is not faint\x1b[0m")).kind == "draft"
    assert show(box("❯\xa0\x1b[38;2;2;2;2mnor is a true colour\x1b[0m")).kind == "draft"


def test_a_menu_a_pending_key_and_background_work_are_not_rest() -> None:
    assert show(box("❯\xa0/mo", "  ⏸ manual mode on")).kind == "in-use"
    assert show(box("❯\xa0", "  Press Ctrl-C again to exit")).kind == "in-use"
    assert show(box("❯\xa0", "  ⏸ manual mode on · 2 shells · ↓ to manage")).kind == "background"
    assert show(box("❯\xa0", "  ⏸ manual mode on · esc to interrupt")).kind == "working"


def test_a_footer_with_unknown_words_in_it_is_not_understood() -> None:
    assert show(box("❯\xa0", "  ⏸ manual mode on · dreaming of sheep")).kind == "odd"
    assert show(box("❯\xa0", "  ⏸ manual mode on · ? for short…")).kind == "odd"


def test_notices_beside_the_state_say_nothing() -> None:
    noticed = "  ? for shortcuts                      Failed to install the marketplace · Will retry on next startup"
    assert show(box("❯\xa0", noticed)).kind == "rest"
    assert show(box("❯\xa0", "  ~/architect (main) | 12 % left")).kind == "quiet"


def test_what_a_transcript_says_is_not_read() -> None:
    said = "● esc to interrupt\n  ❯ 1. Yes\n  Do you want to proceed?\n  ✻ Brewing… (3s · esc to interrupt)\n"
    said += "\n✻ Brewed for 2s"
    assert show(box("❯\xa0", above=said)).kind == "rest"
    # A whole box at rest, quoted by the agent, and below it a question.
    quoted = "\n".join(f"  {line}" for line in box("❯\xa0").split("\n"))
    assert (
        show(f"● {quoted}\n{RULE}\n Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n Esc to cancel").kind == "question"
    )


def test_logged_out_is_told_on_a_tall_screen_too() -> None:
    said = "❯ hello\n  ⎿\xa0 Not logged in · Please run /login" + "\n" * 40
    assert show(box("❯\xa0", above=said)).kind == "logged-out"


def test_a_box_that_something_was_printed_into_is_none() -> None:
    assert show(f"{RULE}\n❯\xa0\n[1]+  Stopped{RULE}\n  ? for shortcuts\n$ ").kind == "no-box"
    assert show("").kind == "no-box"


def test_hostile_screens_are_read_in_bounds_and_told_inert() -> None:
    screen = show(box("❯\xa0\x1b]0;pwned\x07[@click=app.quit]x\u202e" + "y" * 5000))
    assert screen.kind == "draft"
    assert "\x1b" not in screen.draft
    assert "\u202e" not in screen.draft
    assert len(screen.draft) <= 160


def test_of_the_other_agents_only_what_is_certain_is_told() -> None:
    assert show("⠏ Thinking (esc to cancel, 3s)", "", "gemini-cli").kind == "working"
    assert show("△ Permission required", "", "opencode").told == "permission"
    assert show("Add tests to the chat? (Y)es/(N)o [Yes]:", "", "aider").kind == "question"
    for agent in ("gemini-cli", "opencode", "aider"):
        assert show("> ", "", agent).kind == "no-box"
    assert show("> ", "", "codex").kind == "unread"


def test_what_opens_a_menu_is_no_draft_at_rest() -> None:
    for typed in ("look at @", "look at @src/ma", "please /comp", "first\n  then @one"):
        assert show(box(f"❯\xa0{typed}")).kind == "in-use", typed
    assert show(box("❯\xa0mail a@b.example and a/b")).kind == "draft"


def test_an_offered_completion_beside_what_was_typed_is_in_use() -> None:
    assert show(box("❯\xa0please look\x1b[2m at the tests\x1b[0m")).kind == "in-use"


def test_a_stashed_draft_is_not_at_rest() -> None:
    assert show(box("❯\xa0", above="✻ Brewed for 2s\n   draft stashed")).kind == "in-use"
    assert (
        show(box("❯\xa0", "  ⏸ manual mode on · ? for shortcuts\n  › Stashed (auto-restores after submit)")).kind
        == "in-use"
    )


def test_a_search_through_earlier_prompts_is_in_use() -> None:
    assert show(box("❯\xa0", "  search prompts:   ← for agents"), "2.1.197").kind == "in-use"


def test_what_is_going_on_is_read_where_a_narrow_screen_folds_it() -> None:
    long = "✻ Refactoring the extraordinarily long module name of the pa\nrser and its tests… (esc to interrupt)"
    cut = "✻ Refactoring the extraordinarily long module name of the pa\nrser and its tests…"
    for version in ("2.0.76", "2.1.330"):
        assert show(box("❯\xa0", "  ? for shortcuts", above=long), version).kind == "working"
        assert show(box("❯\xa0", "  ? for shortcuts", above=cut), version).kind == "working"
    retry = box("❯\xa0", "  ⏸ manual mode on", above="✻ API error · Retrying in 5s · attempt 6/10")
    assert show(retry, "2.1.197").kind == "working"
    tall = "✽ Reading… (3s · esc to interrupt)\n" + "\n".join(f"  ☐ todo {number}" for number in range(30))
    assert show(box("❯\xa0", "  ? for shortcuts", above=tall), "2.0.76").kind == "working"


@pytest.mark.parametrize(
    "footer", ["esc to inter…", "1 she…", "enter to confirm · esc to cancel", "Running 2 hooks… ctrl+x to stop"]
)
def test_foreign_words_that_speak_of_keys_or_are_cut_short_are_no_notice(footer: str) -> None:
    assert show(box("❯\xa0", f"  {footer}")).kind not in ("rest", "quiet")


def test_a_pane_too_narrow_for_its_footer_tells_nothing() -> None:
    rule = "─" * 30
    assert show(f"{rule}\n❯\xa0\n{rule}\n  ? for shortcuts\n").kind == "odd"


def test_the_mode_that_is_shown_is_told() -> None:
    screens = builtin_agents().profiles["claude-code"].screen
    plan = box("❯\xa0", "  ⏸ plan mode on (shift+tab to cycle) · ? for shortcuts")
    assert mode_shown(plan, screens, "2.1.330", "bypass permissions on") is False
    assert mode_shown(plan, screens, "2.1.330", "plan mode on") is True
    assert mode_shown("$ ", screens, "2.1.330", "plan mode on") is None
