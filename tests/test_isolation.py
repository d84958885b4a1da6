"""Formats know nothing of their libraries until a file is opened."""

import subprocess
import sys

FRAMEWORKS = ["sklearn", "lightgbm", "torch", "onnx", "onnxruntime", "pandas", "pyarrow", "scipy", "joblib", "skops", "safetensors"]
PROGRAM = f"""
import sys
from pathlib import Path
for name in {FRAMEWORKS!r}:
    sys.modules[name] = None
from effaudit import registry
for name in ("lightgbm", "onnx", "python", "sklearn", "torch"):
    kind = registry.a_format(name)
    kind.recognises(Path("model.bin"), b"anything")
    assert not kind.claims(3)
    assert registry.describe("formats", name)
"""


def test_listing_recognising_and_claiming_need_no_framework():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


def test_each_kind_of_file_is_recognised_by_one_format_only(tmp_path):
    from effaudit import registry

    heads = {
        "a.skops": ("sklearn", b"PK\x03\x04"),
        "a.joblib": ("sklearn", b"\x80\x04"),
        "a.pkl": ("sklearn", b"x\x9c"),
        "gbm.txt": ("lightgbm", b"tree\nversion=v4\n"),
        "a.lgb": ("lightgbm", b"tree\nversion=v3\n"),
        "a.onnx": ("onnx", b"\x08\x08"),
        "a.pt2": ("torch", b"PK\x03\x04"),
        "a.safetensors": ("torch", b"\x40\x00\x00\x00"),
        "a.pt": ("torch", b"PK\x03\x04"),
    }
    for name, (owner, head) in heads.items():
        (tmp_path / name).write_bytes(head)
        assert registry.format_of(tmp_path / name) == owner
