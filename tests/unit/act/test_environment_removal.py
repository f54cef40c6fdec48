"""An environment's id and name, put where the config wants them: they address that one and no other."""

from __future__ import annotations

import pytest

from opsconsole.act.environment_removal import Named, filled, removal_line
from opsconsole.act.job import StepFailed
from opsconsole.config.types import EnvironmentsTable


@pytest.mark.parametrize(
    ("field", "which"),
    [
        ("id", Named("..", "x", 1)),
        ("id", Named(".", "x", 1)),
        ("name", Named("a", "", 1)),
        ("name", Named("a", "..", 1)),
        ("name", Named("a", "cut…", 1)),
        ("port", Named("a", "b", None)),
    ],
)
def test_what_would_make_it_the_address_of_all_of_them_is_refused(field: str, which: Named) -> None:
    """A client takes dots out of a path: DELETE …/environments/. asks for the end of the whole collection."""
    table = EnvironmentsTable(delete_url=f"http://127.0.0.1:9/api/environments/{{{field}}}")
    with pytest.raises(StepFailed):
        removal_line(table, which)


def test_a_slash_in_an_id_stays_part_of_it() -> None:
    table = EnvironmentsTable(delete_url="http://127.0.0.1:9/api/environments/{id}?by={name}")
    line = removal_line(table, Named("a/../b", "{port}", 80))
    assert line == "DELETE http://127.0.0.1:9/api/environments/a%2F..%2Fb?by=%7Bport%7D"


def test_what_a_value_holds_is_no_field_of_its_own() -> None:
    assert filled("env-{id}", {"{id}": "a{port}", "{port}": "8080"}) == "env-a{port}"


@pytest.mark.parametrize("value", ["-rf", "", "cut…"])
def test_a_value_that_would_not_name_it_is_refused(value: str) -> None:
    with pytest.raises(StepFailed):
        filled("{id}", {"{id}": value})
