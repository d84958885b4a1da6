"""The trade-off chart: quality against the cost that the policy minimises, as plain geometry for a template to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.policy import Rule
from effaudit.core.reading import Measurement
from effaudit.core.record import Record
from effaudit.core.text import one_line
from effaudit.core.units import show_interval
from effaudit.core.verdict import Verdict
from effaudit.reporting.candidate_rows import Line, baseline_row, lines
from effaudit.reporting.charts.labels import Box, Label, place
from effaudit.reporting.charts.scale import Scale, Tick, scale, ticks
from effaudit.reporting.formatting import Standing, find, limit, title
from effaudit.reporting.terminal_layout import in_the_middle

WIDTH, HEIGHT = 960, 480
LEFT, RIGHT, TOP, BOTTOM = 84, 940, 18, 420
LONGEST_LABEL = 28
VASTEST = 1e30
"""Figures beyond it (and costs as near to zero) are not drawn: an axis that held them would show nothing else."""


@dataclass(frozen=True)
class Mark:
    """One candidate: its point, its whiskers (low x, high x, low y, high y in pixels) and what to say of it."""

    name: str
    standing: Standing
    baseline: bool
    x: float
    y: float
    whiskers: tuple[float, float, float, float]
    label: Label | None
    told: str
    below: bool
    """It lies under the chart's lower edge, far from the others."""


@dataclass(frozen=True)
class Zone:
    """What a rule excludes: a shaded rectangle, its edge, and its words at (x, y)."""

    left: float
    top: float
    width: float
    height: float
    upright: bool
    text: str
    x: float
    y: float
    warns: bool

    @property
    def edge(self) -> str:
        """The path of the limit itself."""
        return f"M{self.x - 5} {self.top}v{self.height}" if self.upright else f"M{self.left} {self.top}h{self.width}"


@dataclass(frozen=True)
class Chart:
    """All that a template needs. `missing` names the candidates without both figures."""

    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zones: tuple[Zone, ...]
    front: str
    """The path of the best quality for each cost."""
    on_front: tuple[str, ...]
    marks: tuple[Mark, ...]
    missing: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT
    frame: Box = Box(LEFT, TOP, RIGHT, BOTTOM)

    @property
    def named(self) -> tuple[tuple[str, tuple[Mark, ...]], ...]:
        """The marks that have a label, by the end at which it is anchored."""
        anchors = ("start", "middle", "end")
        return tuple(
            (anchor, tuple(mark for mark in self.marks if mark.label and mark.label.anchor == anchor)) for anchor in anchors
        )


@dataclass(frozen=True)
class _Point:
    line: Line
    cost: Measurement
    quality: Measurement


def tradeoff(record: Record, verdict: Verdict | None, cost: str, quality: str) -> Chart | None:
    """The chart of two metrics, better always being up and to the left; None with fewer than two candidates to show."""
    points, missing = _points(record, verdict, cost, quality)
    if len(points) < 2:
        return None
    better = points[0].quality.better
    rules = [(rule, *found) for rule in (verdict.policy.rules if verdict else ()) if (found := _where(record, rule, cost, quality))]
    x, y = _scales(points, [(axis, at) for _, axis, at in rules], better)
    zones = tuple(_zone(rule, axis, at, x, y) for rule, axis, at in rules if (x if axis == "cost" else y).holds(at))
    front = _front(points, better)
    return Chart(
        f"{title(cost)} (logarithmic; less is better)",
        title(quality) + (" (more is better)" if better == "higher" else " (less is better: the axis points down)"),
        ticks(x, points[0].cost.unit),
        ticks(y, points[0].quality.unit),
        _apart(zones),
        _path(front, x, y),
        tuple(point.line.name for point in front),
        _marks(points, front, x, y, zones),
        missing,
    )


def _points(record: Record, verdict: Verdict | None, cost: str, quality: str) -> tuple[list[_Point], tuple[str, ...]]:
    points, missing = [], []
    for line in lines(record, verdict, ()):
        own, score = find(line.row.readings, cost), find(line.row.readings, quality)
        if isinstance(own, Measurement) and isinstance(score, Measurement) and _drawable(own, score):
            points.append(_Point(line, own, score))
        else:
            missing.append(line.name)
    return points, tuple(missing)


def _drawable(cost: Measurement, quality: Measurement) -> bool:
    return 1 / VASTEST < cost.value < VASTEST and abs(quality.value) < VASTEST


def _where(record: Record, rule: Rule, cost: str, quality: str) -> tuple[str, float] | None:
    """On which axis a rule's limit stands, and where."""
    axis = next((axis for axis, metric in (("cost", cost), ("quality", quality)) if _same(rule.metric, metric)), None)
    if axis is None or not rule.relative:
        return None if axis is None else (axis, rule.limit.amount)
    reference = (
        baseline_row(record)
        if rule.versus in (None, "baseline")
        else next((r for r in record.rows if r.candidate.name == rule.versus), None)
    )
    base = find(reference.readings, rule.metric) if reference else None
    if not isinstance(base, Measurement):
        return None
    loss = rule.limit.amount * (abs(base.value) if rule.limit.unit == "%" else 1.0)
    return axis, base.value - loss if rule.bound == "max_drop" else base.value + loss


def _same(full: str, metric: str) -> bool:
    return full == metric or full.startswith(metric + ".")


def _scales(points: Sequence[_Point], limits: Sequence[tuple[str, float]], better: str) -> tuple[Scale, Scale]:
    costs = [figure for point in points for figure in _ends(point.cost) if figure > 1 / VASTEST]
    nearby = [at for axis, at in limits if axis == "cost" and min(costs) / 3 <= at <= max(costs) * 3]
    x = scale([*costs, *nearby], LEFT, RIGHT, log=True)
    scores = [figure for point in points if not _far(point, points) for figure in _ends(point.quality)]
    span = (max(scores) - min(scores)) * 0.4
    close = [at for axis, at in limits if axis == "quality" and min(scores) - span <= at <= max(scores) + span]
    ends = (BOTTOM, TOP) if better == "higher" else (TOP, BOTTOM)
    return x, scale([*scores, *close], *ends)


def _ends(reading: Measurement) -> tuple[float, ...]:
    return tuple(figure for figure in (reading.value, reading.low, reading.high) if abs(figure) < VASTEST)


def _far(point: _Point, points: Sequence[_Point]) -> bool:
    """Is its quality so bad that showing it would squeeze all others together? (Beyond Tukey's outer fence.)"""
    sign = 1 if point.quality.better == "higher" else -1
    scores = sorted(sign * other.quality.value for other in points)
    low, high = scores[len(scores) // 4], scores[(3 * len(scores)) // 4]
    return sign * point.quality.value < low - 3 * (high - low) and point.line.standing != "recommended" and not point.line.baseline


def _zone(rule: Rule, axis: str, at: float, x: Scale, y: Scale) -> Zone:
    text, warns = limit(rule), rule.severity == "warn"
    upper = rule.bound in ("max", "max_increase")
    if axis == "cost":
        left, right = (x(at), float(RIGHT)) if upper else (float(LEFT), x(at))
        return Zone(left, TOP, round(right - left, 1), BOTTOM - TOP, True, text, x(at) + 5, TOP + 14, warns)
    # The worse side is always below: the axis is turned where less is better.
    return Zone(LEFT, y(at), RIGHT - LEFT, round(BOTTOM - y(at), 1), False, text, LEFT + 8, y(at) + 14, warns)


def _apart(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Zones whose words do not lie on each other: those of edges that are too close go one line further."""
    placed: list[Zone] = []
    for zone in sorted(zones, key=lambda zone: (zone.upright, zone.y, zone.x)):
        y = zone.y
        while any(abs(y - other.y) < 14 and abs(zone.x - other.x) < 7 * len(other.text) for other in placed):
            y += 14
        placed.append(Zone(**{**vars(zone), "y": y}))
    return tuple(placed)


def _front(points: Sequence[_Point], better: str) -> list[_Point]:
    sign = 1 if better == "higher" else -1
    front: list[_Point] = []
    for point in sorted(points, key=lambda point: (point.cost.value, -sign * point.quality.value)):
        if not front or sign * point.quality.value > sign * front[-1].quality.value:
            front.append(point)
    return front


def _path(front: Sequence[_Point], x: Scale, y: Scale) -> str:
    first = front[0]
    steps = "".join(f"H{x(point.cost.value)}V{y(point.quality.value)}" for point in front[1:])
    return f"M{x(first.cost.value)} {BOTTOM}V{y(first.quality.value)}{steps}H{RIGHT}"


def _marks(points: Sequence[_Point], front: Sequence[_Point], x: Scale, y: Scale, zones: Sequence[Zone]) -> tuple[Mark, ...]:
    bare = [_mark(point, x, y) for point in points]
    names = {point.line.name for point in front}
    order = sorted(
        range(len(bare)),
        key=lambda i: (bare[i].standing != "recommended", not bare[i].baseline, bare[i].name not in names, bare[i].y),
    )
    taken = [box for mark in bare for box in _covered(mark)] + [_words(zone) for zone in zones]
    wanted = [(bare[i].x, bare[i].y, _short(bare[i])) for i in order]
    labels = place(wanted, taken, Box(LEFT + 2, TOP + 2, RIGHT - 2, BOTTOM - 2))
    found = dict(zip(order, labels, strict=True))
    # What matters most is drawn last, above all else.
    return tuple(Mark(**{**vars(bare[i]), "label": found[i]}) for i in reversed(order))


def _mark(point: _Point, x: Scale, y: Scale) -> Mark:
    cost, quality, line = point.cost, point.quality, point.line
    worst = y.low if quality.better == "higher" else y.high
    below = quality.value < worst if quality.better == "higher" else quality.value > worst
    whiskers = (x(max(cost.low, x.low)), x(cost.high), y(quality.low), y(quality.high))
    figures = [show_interval(reading.value, reading.low, reading.high, reading.unit) for reading in (quality, cost)]
    told = f"{line.name}: {figures[0]} at {figures[1]}, {line.standing}"
    return Mark(line.name, line.standing, line.baseline, x(cost.value), y(quality.value), whiskers, None, told, below)


def _short(mark: Mark) -> str:
    return in_the_middle(one_line(mark.name), LONGEST_LABEL) + (" ↓" if mark.below else "")


def _covered(mark: Mark) -> list[Box]:
    left, right, low, high = mark.whiskers
    reach = 11 if mark.baseline or mark.standing == "recommended" else 7
    top, bottom = min(low, high), max(low, high)
    return [
        Box(mark.x - reach, mark.y - reach, mark.x + reach, mark.y + reach),
        Box(left, mark.y - 2, right, mark.y + 2),
        Box(mark.x - 2, top, mark.x + 2, bottom),
    ]


def _words(zone: Zone) -> Box:
    return Box(zone.x, zone.y - 12, zone.x + 7 * len(zone.text), zone.y + 4)
