import pytest

from effaudit.core.errors import InputError
from effaudit.reading.presets import preset, preset_names


@pytest.fixture
def presets(tmp_path):
    for name in ("edge-cpu.yaml", "recommended.yaml", "notes.txt"):
        (tmp_path / name).write_text("x")
    return tmp_path


def test_presets_are_the_yaml_files_of_their_folder(presets):
    assert preset_names(presets) == ["edge-cpu", "recommended"]
    assert preset("effaudit:edge-cpu", presets) == preset("edge-cpu", presets) == presets / "edge-cpu.yaml"


@pytest.mark.parametrize("name", ["effaudit:edge_cpu", "effaudit:notes", "effaudit:", "effaudit:../x", "effaudit:a/b", "\x1b[31m"])
def test_another_name_is_refused_with_those_there_are(presets, name):
    with pytest.raises(InputError) as caught:
        preset(name, presets)
    assert "effaudit:edge-cpu" in caught.value.what
    assert "\x1b" not in caught.value.what


def test_there_may_be_none(tmp_path):
    assert preset_names(None) == preset_names(tmp_path / "nowhere") == []
    with pytest.raises(InputError, match="no ready-made policy"):
        preset("edge-cpu", None)
