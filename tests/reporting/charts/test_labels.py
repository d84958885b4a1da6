"""Labels that touch nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from effaudit.reporting.charts.labels import LETTER, LINE, Box, Label, place

FRAME = Box(0, 0, 900, 420)


def _box(label: Label) -> Box:
    width = LETTER * len(label.text)
    left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
    return Box(left, label.y - 4 - LINE / 2, left + width, label.y - 4 + LINE / 2)


def test_a_lonely_point_has_its_label_at_its_right_without_a_leader():
    assert place([(100, 100, "gbm")], [], FRAME) == [Label(109, 104, "start", "gbm")]


def test_at_the_right_edge_it_stands_at_the_left():
    label = place([(890, 100, "gbm")], [], FRAME)[0]
    assert label is not None
    assert label.anchor == "end"


def test_where_there_is_no_room_there_is_no_label():
    assert place([(100, 100, "gbm")], [FRAME], FRAME) == [None]


@given(st.lists(st.tuples(st.floats(5, 895), st.floats(5, 415), st.text("abcdefgh-_", min_size=1, max_size=28)), max_size=30))
def test_no_label_touches_another_or_leaves_the_frame(points):
    labels = [label for label in place(points, [], FRAME) if label]
    boxes = [_box(label) for label in labels]
    shrunk = [Box(box.left + 0.2, box.top + 0.2, box.right - 0.2, box.bottom - 0.2) for box in boxes]
    for at, box in enumerate(shrunk):
        assert box.within(FRAME)
        assert not any(box.meets(other) for other in shrunk[at + 1 :])


def test_the_first_points_choose_first():
    crowd = [(100.0, 100.0, "recommended")] + [(100.0 + i, 100.0, "another-candidate") for i in range(40)]
    labels = place(crowd, [], FRAME)
    assert labels[0] is not None
    assert None in labels
