"""An environment's id and name, put where the config wants them: they address that one and no other."""

from __future__ import annotations

import pytest

from opsconsole.act.environment_removal import Named, filled_argv, removal_line
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
    assert filled_argv(("env-{id}",), {"{id}": "a{port}", "{port}": "8080"}) == ("env-a{port}",)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *[("{id}", value) for value in ("-rf", "", "cut…", "a\nb", "..", "../../etc", "/etc", "a/../../b")],
        *[("/srv/envs/{id}", value) for value in ("..", ".", "a/b", "../../etc", "/etc")],
        *[("{id}/data", value) for value in ("..", "a/b", "/")],
        ("http://127.0.0.1:9/envs/{id}", ".."),
    ],
)
def test_a_value_that_would_not_name_it_is_refused(word: str, value: str) -> None:
    with pytest.raises(StepFailed):
        filled_argv(("remove", word), {"{id}": value})


@pytest.mark.parametrize(
    ("command", "value", "argv"),
    [
        (("remove", "--", "{id}"), "-rf", ("remove", "--", "-rf")),
        (("remove", "--name={id}"), "-rf", ("remove", "--name=-rf")),
        (("remove", "{id}"), "feature/x", ("remove", "feature/x")),
        (("remove", "{id}"), "a; $(id)", ("remove", "a; $(id)")),
        (
            ("curl", "http://127.0.0.1:9/envs/{id}?by=me"),
            "a/b?all=1",
            ("curl", "http://127.0.0.1:9/envs/a%2Fb%3Fall%3D1?by=me"),
        ),
    ],
)
def test_a_value_stays_one_word_as_its_place_wants_it(
    command: tuple[str, ...], value: str, argv: tuple[str, ...]
) -> None:
    assert filled_argv(command, {"{id}": value}) == argv
