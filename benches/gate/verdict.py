"""The verdict: each figure beside its baseline and its limits, and where a change of the cycles is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from benches.gate.baseline import Before
from benches.gate.figures import Figures
from benches.gate.specification import Limit, Measurement, Specification
from emulator.errors import EXIT_CHECK_FAILED, EXIT_OK, EXIT_USAGE
from emulator.reporting.figures import Place, depends_on_models, is_part, unit_of

CHANGES_SHOWN = 4
UNLIMITED = Limit()


class State(Enum):
    """What became of a figure. The value is how it is written."""

    SAME = "same"
    BETTER = "better"
    WITHIN = "within its tolerance"
    UNJUDGED = "not judged"
    OTHER_MODELS = "other timing models: not compared"
    NEW = "not in the baseline"
    GONE = "no longer found"
    WORSE = "worse"
    OVER = "over its limit"

    @property
    def is_regression(self) -> bool:
        """Whether the gate closes."""
        return self in (State.WORSE, State.OVER)

    @property
    def is_unchecked(self) -> bool:
        """Whether a check that was asked for could not be made."""
        return self in (State.NEW, State.GONE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure: its value now and in the baseline, None where there is none."""

    figure: str
    now: int | None
    before: int | None
    limit: Limit
    state: State

    @property
    def change(self) -> int:
        """How much more than in the baseline."""
        return (self.now or 0) - (self.before or 0) if None not in (self.now, self.before) else 0

    @property
    def share(self) -> float | None:
        """The change as a share of the baseline."""
        return self.change / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the cycles that changed. ``place``: its most expensive line, where that is known."""

    part: str
    cycles: int
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class MeasurementVerdict:
    """One measurement's figures. ``problem``: why it could not be measured; ``notes``: what to know."""

    name: str
    figures: Figures | None
    judged: tuple[Judged, ...] = ()
    changes: tuple[Change, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def regressions(self) -> list[Judged]:
        """What got worse than it may."""
        return [item for item in self.judged if item.state.is_regression]

    @property
    def improvements(self) -> list[Judged]:
        """What got better."""
        return [item for item in self.judged if item.state is State.BETTER]

    @property
    def unchecked(self) -> list[Judged]:
        """What should have been compared and could not be."""
        return [item for item in self.judged if item.state.is_unchecked]


@dataclass(frozen=True, slots=True)
class Verdict:
    """All measurements, in the specification's order."""

    measurements: tuple[MeasurementVerdict, ...]

    @property
    def exit_code(self) -> int:
        """2 when something could not be measured or compared, else 1 on a regression, else 0."""
        if any(item.problem or item.unchecked for item in self.measurements):
            return EXIT_USAGE
        return EXIT_CHECK_FAILED if any(item.regressions for item in self.measurements) else EXIT_OK


def judge(
    specification: Specification,
    found: Mapping[str, Figures],
    problems: Mapping[str, str],
    baseline: Mapping[str, Before],
) -> Verdict:
    """Hold what was found against the baseline and the limits."""
    return Verdict(
        tuple(
            _measurement(m, found.get(m.name), problems.get(m.name, ""), baseline.get(m.name))
            for m in specification.measurements
        )
    )


def _measurement(
    measurement: Measurement, figures: Figures | None, problem: str, before: Before | None
) -> MeasurementVerdict:
    if figures is None:
        return MeasurementVerdict(measurement.name, None, problem=problem or "it was not measured")
    same_models = before is None or before.made_by == figures.made_by
    values = before.values if before is not None else {}
    headlines = [name for name in {**figures.values, **values} if not is_part(name)]
    named = [name for name in measurement.limits if is_part(name) or name not in headlines]
    judged = tuple(
        _judged(name, figures, values, measurement.limits.get(name, UNLIMITED), same_models=same_models)
        for name in (*headlines, *named)
    )
    notes = []
    if not same_models and before is not None:
        notes.append(
            f"the baseline's cycles are of other models or another board ({before.made_by}; now"
            f" {figures.made_by}): they are not compared; --update writes a baseline of these"
        )
    changes = _changes(figures, values) if same_models and values else ()
    return MeasurementVerdict(measurement.name, figures, judged, changes, notes=tuple(notes))


def _judged(
    name: str, figures: Figures, before: Mapping[str, int], limit: Limit, *, same_models: bool
) -> Judged:
    now, then = figures.values.get(name), before.get(name)
    if is_part(name) and (now is None) != (then is None):  # a small part has no line
        now, then = now or 0, then or 0
    return Judged(name, now, then, limit, _state(name, now, then, limit, same_models=same_models))


def _state(name: str, now: int | None, before: int | None, limit: Limit, *, same_models: bool) -> State:
    if now is None:
        return State.GONE
    if limit.hard is not None and now > limit.hard:
        return State.OVER
    if limit.tolerance is None:
        return State.UNJUDGED
    if depends_on_models(name) and not same_models:
        return State.OTHER_MODELS
    return State.NEW if before is None else _compared(now, before, limit.tolerance)


def _compared(now: int, before: int, tolerance: float) -> State:
    if now <= before:
        return State.SAME if now == before else State.BETTER
    return State.WITHIN if now <= before * (1 + tolerance) else State.WORSE


def _changes(figures: Figures, before: Mapping[str, int]) -> tuple[Change, ...]:
    """Where cycles changed most, each kind of part for itself, those that went with the whole first."""
    whole = figures.values["cycles"] - before.get("cycles", 0)
    found: list[Change] = []
    for kind in ("function", "operator", "cause", "outside"):
        names = [n for n in {**figures.values, **before} if n.startswith(f"{kind}:")]
        changes = [
            Change(n, figures.values.get(n, 0) - before.get(n, 0), figures.places.get(n)) for n in names
        ]
        changes = [change for change in changes if change.cycles]
        found += sorted(changes, key=lambda c: (c.cycles * whole <= 0, -abs(c.cycles), c.part))[
            :CHANGES_SHOWN
        ]
    return tuple(found)


def words_of(item: Judged) -> str:
    """One figure in words: "cycles 1,234, was 1,200: +34 (+2.83 %), worse"."""
    unit = unit_of(item.figure)
    text = f"{item.figure} " + ("not found" if item.now is None else f"{item.now:,}")
    text += "" if unit == item.figure else f" {unit}"
    if item.before is not None and item.now is not None and item.change:
        share = f" ({100 * item.share:+.2f} %)" if item.share is not None else ""
        text += f", was {item.before:,}: {item.change:+,}{share}"
    elif item.before is not None and item.now is None:
        text += f", was {item.before:,}"
    return f"{text}, {state_words(item)}"


def state_words(item: Judged) -> str:
    """What became of a figure: "worse (2 %)"."""
    if item.state is State.OVER:
        return f"over its limit of {item.limit.hard:,}"
    if item.state in (State.WORSE, State.WITHIN) and item.limit.tolerance:
        return f"{item.state.value} ({100 * item.limit.tolerance:g} %)"
    return str(item.state.value)


def part_words(change: Change) -> str:
    """One changed part in words."""
    kind, _, name = change.part.partition(":")
    place = f" ({change.place.file}:{change.place.line})" if change.place is not None else ""
    return f"{change.cycles:+,} in {kind} {name}{place}"


def shown(judged: Sequence[Judged]) -> list[Judged]:
    """Figures in the order of their weight: what closes the gate first."""
    states = list(State)
    return sorted(judged, key=lambda item: -states.index(item.state))
