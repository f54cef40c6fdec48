"""Header and tabs when there is too little room: what says least gives way first."""

from __future__ import annotations

from opsconsole.present.cell import Cell
from opsconsole.ui.tabs import Tab, TabLine
from tests.ui.test_filtering import console

CELLS = (
    Cell("host"),
    Cell("READ-ONLY", short="RO"),
    Cell("health 4.2 (2 critical, 1 high, 2 medium, 2 low)", short="health 4.2"),
    Cell("load 8.13/8", short="8.13"),
    Cell("17:19:00"),
)


async def test_the_decomposition_of_the_score_gives_way_before_the_mode() -> None:
    app = console()
    async with app.run_test(size=(120, 40)):
        header = app.main.header
        header.show(CELLS)
        said = {width: "".join(text for text, _ in header.pieces(width)) for width in (120, 70, 50, 24)}
    assert "2 low" in said[120]
    assert "READ-ONLY" in said[70]
    assert "2 low" not in said[70]
    assert "READ-ONLY   health 4.2   8.13" in said[50]
    assert said[24].strip().startswith("host")


async def test_the_label_gives_way_before_load_and_memory() -> None:
    app = console()
    async with app.run_test(size=(80, 24)):
        header = app.main.header
        header.show(
            (
                *(Cell("host"), Cell("DEMO"), Cell("incident of 2026-02-08", yields=True)),
                *(Cell("health 4.2 (2 critical, 1 high)", short="health 4.2"), Cell("load 8.13/8", short="8.13")),
                *(Cell("mem 99%"), Cell("17:19:00")),
            )
        )
        said = {width: "".join(text for text, _ in header.pieces(width)) for width in (120, 80)}
    assert "host   DEMO   incident of 2026-02-08" in said[120]
    assert "host   DEMO   health 4.2   load 8.13/8   mem 99%" in said[80]


VIEWS = ("Services", "Workers", "Sessions", "Environments", "System", "Sites", "Queue", "Findings", "Alerts")


def tabs(counts: tuple[int, ...]) -> list[Tab]:
    return [
        Tab(title.lower(), number, title, count, unknown=False, status="bad" if count else "")
        for number, (title, count) in enumerate(zip(VIEWS, counts, strict=True), 1)
    ]


async def test_eighty_columns_name_all_panes_and_number_the_further_views() -> None:
    app = console()
    async with app.run_test(size=(80, 24)):
        line: TabLine = app.main.tabs

        def said(active: str, *counts: int, width: int = 80) -> str:
            line.show(tabs(counts), active)
            return "".join(text for text, _ in line.pieces(width)).rstrip()

        few, many = (said("services", *counts) for counts in ((1, 5, 0, 0, 4, 0, 3, 7, 0), (10,) * 9))
        for text in (few, many):
            assert all(f"{number} {name}" in text for number, name in enumerate(("Services", "Workers", "Sessions"), 1))
            assert len(text) <= 80
        assert "5 System 4" in few
        assert few.endswith("6  7✖ 8✖ 9")
        # No tab moves when a count gets a digit more.
        assert few.index("3 Sessions") == many.index("3 Sessions")
        assert "8 Findings 10" in said("findings", *(10,) * 9)
        assert said("findings", 1, 5, 1, 5, 4, 1, 3, 7, 9).startswith(" 1 Services 1 2 Workers 5 3 Sessions 1 4 Envs 5")
        assert "9 Alerts 10" in said("services", *(10,) * 9, width=120)
        assert len(said("alerts", *(10,) * 9, width=40)) <= 40
