"""The checklist: what is open in the order of its doing, what was done with when and by whom."""

from __future__ import annotations

import os
import pwd

import msgspec

from opsconsole.act.journal_reader import user_names
from opsconsole.present.checklist import checklist_report
from opsconsole.present.report import markdown
from tests.unit.present.test_report import entry, facts


def test_it_tells_open_done_and_not_done_and_by_whom() -> None:
    done, failed = entry("done", True), entry("failed", None, "assigner")
    told = msgspec.structs.replace(facts(None, failed, done), users={done.plan.uid: "ada"})
    written = markdown(checklist_report(told))
    opened, finished, undone = (
        written.index(f"## {title}") for title in ("Open (", "Done and verified (1)", "Not done")
    )
    assert opened < finished < undone
    assert written.count("- [ ]") >= len(told.diagnosis.findings)
    line = next(line for line in written.splitlines() if line.startswith("- [x]"))
    assert "auto_confirm" in line
    assert f"by ada on {done.plan.host}" in line
    assert "assigner" in next(line for line in written.splitlines() if line.startswith("- [!]"))


def test_a_user_without_a_name_is_told_by_uid() -> None:
    known = entry("done", True)
    known = msgspec.structs.replace(known, plan=msgspec.structs.replace(known.plan, uid=os.getuid()))
    nobody = msgspec.structs.replace(known, plan=msgspec.structs.replace(known.plan, uid=54_321_987))
    assert user_names((known, nobody)) == {os.getuid(): pwd.getpwuid(os.getuid()).pw_name}
    assert "by uid 54321987 on " in markdown(checklist_report(facts(None, nobody)))
