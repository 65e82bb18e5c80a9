"""Declared tables: what is found wrong, and in which words; by a table that no board has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import pytest

from emulator.errors import BoardError
from emulator.schema.checks import problems_of, read_table, references, unknown_key
from emulator.schema.table import Name, Problem, Switch, Table, about, address, field_names
from emulator.schema.words import bare, expected, shown, suggest


class Wheel(Table, frozen=True):
    """A part of another table."""

    spokes: Annotated[int, about("How many spokes it has.", at_least=3, at_most=36, example=28)] = 28


class Bicycle(Table, frozen=True, kw_only=True):
    """A table with a field of every kind."""

    frame_mm: Annotated[int, about("Height of the frame.", unit="mm", at_least=300, example=580)]
    kind: Annotated[Literal["road", "town"], about("What it is for.")]
    bell: Annotated[bool, about("Whether it has a bell.", example=True)] = True
    light: Annotated[Switch, about("Whether it is lit.")] = 0
    parked: Annotated[int, address("Where it is.", multiple_of=16, example=0x1000)] = 0
    bags: Annotated[list[str], about("Its bags.", example=["left"])] = msgspec.field(default_factory=list)
    wheels: Annotated[dict[Name, Wheel], about("Its wheels.")] = msgspec.field(default_factory=dict)
    gears: (
        Annotated[int, about("Gears.", at_least=1, by_default="as sold", example=8)] | msgspec.UnsetType
    ) = msgspec.UNSET
    owner: Annotated[str, about("Who rides it.", names_a="rider", example="anna")] = ""

    def contradictions(self) -> Iterator[Problem]:
        """A road bicycle is rung by shouting."""
        if self.kind == "road" and self.bell:
            yield Problem("bell", "a road bicycle has none", "take it off", ("kind",))


RIGHT = {"frame_mm": 580, "kind": "town"}


@pytest.mark.parametrize(
    "table",
    [
        RIGHT,
        {**RIGHT, "light": 1, "parked": 32, "bags": ["left"], "gears": 3},
        {"frame_mm": 300, "kind": "road", "bell": False},
        {**RIGHT, "wheels": {"front": {"spokes": 20}, "rear": {}}},
    ],
)
def test_what_is_right_has_no_problem(table: dict[str, Any]) -> None:
    assert problems_of(Bicycle, table) == []
    assert read_table(Bicycle, table, "bicycle").frame_mm == table["frame_mm"]


@pytest.mark.parametrize(
    ("change", "key", "what", "next_step"),
    [
        ({"frame": 1}, "frame", "unknown key; did you mean 'frame_mm'?", "known here: frame_mm, kind"),
        ({"frame_mm": 299}, "frame_mm", "must be a whole number, 300 or more, not 299", "frame_mm = 580"),
        (
            {"frame_mm": "tall"},
            "frame_mm",
            'must be a whole number, 300 or more, not "tall"',
            "height of the",
        ),
        ({"frame_mm": 1.5}, "frame_mm", "not 1.5", "for example"),
        ({"frame_mm": True}, "frame_mm", "not true", "for example"),
        (
            {"kind": "rode"},
            "kind",
            'must be "road" or "town", not "rode"; did you mean \'road\'?',
            'kind = "road"',
        ),
        ({"bell": 1}, "bell", "must be true or false, not 1", "bell = true"),
        ({"light": 2}, "light", "must be 0 (off) or 1 (on), not 2", "whether it is lit"),
        (
            {"parked": 8},
            "parked",
            "a multiple of 0x10 from 0x00000000 to 0xFFFFFFFF, not 0x00000008",
            "0x00001000",
        ),
        ({"bags": "left"}, "bags", "must be a list, each text, not", "its bags"),
        ({"bags": ["left", 3]}, "bags.1", "must be text, not 3", 'bags = ["left"]'),
        ({"wheels": 2}, "wheels", "must be a table, each value a table, not 2", "[wheels.NAME]"),
        (
            {"wheels": {"a.b": {}}},
            "wheels.a.b",
            "the name must be a name of letters, digits and _",
            "[wheels.NAME]",
        ),
        ({"wheels": {"front": {"spokes": 2}}}, "wheels.front.spokes", "from 3 to 36, not 2", "spokes = 28"),
        (
            {"wheels": {"front": {"spoke": 2}}},
            "wheels.front.spoke",
            "did you mean 'spokes'?",
            "known here: spokes",
        ),
        ({"wheels": {"front": []}}, "wheels.front", "must be a table, not []", ""),
        ({"kind": "road"}, "bell", "a road bicycle has none", "take it off"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], key: str, what: str, next_step: str) -> None:
    (problem,) = problems_of(Bicycle, {**RIGHT, **change})
    assert problem.key == key
    assert what in problem.what
    assert next_step in problem.next_step


def test_missing_keys_unless_another_was_meant() -> None:
    assert [(p.key, p.what) for p in problems_of(Bicycle, {"kind": "town"})] == [
        ("frame_mm", "missing: height of the frame")
    ]
    (problem,) = problems_of(Bicycle, {"kind": "town", "frame_m": 580})
    assert problem.key == "frame_m"


def test_all_problems_come_at_once_and_contradictions_only_without_any() -> None:
    found = problems_of(Bicycle, {"kind": "road", "frame_mm": 1, "light": 3, "horn": 1})
    assert [problem.key for problem in found] == ["frame_mm", "light", "horn"]


def test_what_is_no_table_is_told() -> None:
    assert problems_of(Bicycle, 3)[0].what == "must be a table, not 3"


def test_reading_raises_the_first_problem_with_its_place() -> None:
    with pytest.raises(BoardError, match=r"^bicycles\.mine\.light: must be 0"):
        read_table(Bicycle, {**RIGHT, "light": 3}, "bicycles.mine")


def test_problems_and_their_partners_move_below_a_key() -> None:
    (problem,) = problems_of(Bicycle, {**RIGHT, "kind": "road"})
    moved = problem.below("bicycles.mine")
    assert (moved.key, moved.partners) == ("bicycles.mine.bell", ("bicycles.mine.kind",))
    assert Problem("", "x").below("mine").key == "mine"


def test_names_of_other_things_are_found() -> None:
    table = {**RIGHT, "owner": "anna", "wheels": {"front": {}}}
    assert [(r.key, r.what, r.name) for r in references(Bicycle, table)] == [("owner", "rider", "anna")]
    assert list(references(Bicycle, RIGHT)) == []


def test_the_words_of_a_near_miss() -> None:
    assert suggest("wait_state", ("wait_states", "read_bytes")) == "; did you mean 'wait_states'?"
    assert suggest("lines", ("line_bytes", "data_lines", "instruction_lines")).count("lines'") == 2
    assert suggest("xyz", ("wait_states",)) == ""
    assert "nothing can be set here" in unknown_key("x", ()).what
    many = [f"name{i}" for i in range(100)]
    assert unknown_key("name7", many).next_step.endswith(" ...")


def test_values_are_shown_as_toml_has_them() -> None:
    assert shown({"a": [1, True, "x"], "b": 4_000_000}) == '{ a = [1, true, "x"], b = 4_000_000 }'
    assert shown({"a": [1]}, list[str]) == "{ a = [1] }"  # a value of another shape than its field's
    assert shown([{"a": 1}], dict[str, int]) == "[{ a = 1 }]"
    assert shown(0x40, Annotated[int, address("Somewhere.")]) == "0x00000040"
    assert shown(0x40, Annotated[int, about("Bits.", hexadecimal=True)]) == "0x40"
    assert expected(Annotated[int, about("Any.")]) == "a whole number"
    assert expected(dict[str, Any]) == "a table"


def test_what_is_said_outside_goes_before_what_is_said_inside() -> None:
    inner = Annotated[int, about("Inner.", at_least=0, at_most=9)]
    plain, said = bare(Annotated[inner, about("Outer.", at_most=5)] | msgspec.UnsetType)
    assert plain is int
    assert (said.description, said.ge, said.le) == ("Outer.", 0, 5)


def test_fields_stand_in_the_order_of_their_declaration() -> None:
    assert field_names(Bicycle)[:3] == ("frame_mm", "kind", "bell")
