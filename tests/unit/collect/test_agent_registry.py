"""Who holds a conversation: nobody is taken for nobody only when the registry could be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
from opsconsole.collect.agents import builtin_agents


def test_a_registry_that_is_not_there_has_no_holders_and_one_that_cannot_be_listed_is_unknown(tmp_path: Path) -> None:
    registry = builtin_agents().profiles["claude-code"].registry
    assert registry is not None
    assert live_holders(tmp_path, registry, "0f0f") == ()
    (tmp_path / registry.entries).write_text("no directory")
    with pytest.raises(EntryUnreadable, match="Not a directory"):
        live_holders(tmp_path, registry, "0f0f")
