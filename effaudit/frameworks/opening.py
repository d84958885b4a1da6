"""What every format does around a library: ask for trust first, import what is needed, turn its errors into clear refusals."""

from __future__ import annotations

import importlib
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from effaudit.core.candidate import Artifact
from effaudit.core.plugin import Refused
from effaudit.core.text import did_you_mean, one_line

NAMED_OBJECT = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""`package.module:name`, the way Python code is named in plans."""

_POINTER = b"version https://git-lfs.github.com/spec/"
_MEMBERS = 200_000
_UNPACKED = 16 * 2**30
_SMALL = 64 * 2**20
_RATIO = 100


def library(module: str, extra: str) -> ModuleType:
    """Imports a format's library. Raises Refused with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Refused(
            f"{module} cannot be imported ({one_line(str(error), 160)}); install it with: pip install 'effaudit[{extra}]'"
        ) from error


@contextmanager
def reading(path: Path, kind: str, advice: str, plain: Callable[[str], str] = str) -> Iterator[None]:
    """Turns whatever a library raises over a damaged or hostile file into Refused, with the file's name and the error's words.

    `plain` takes what nobody needs to know out of these words.
    """
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:  # hostile bytes make libraries raise anything
        words = one_line(plain(str(error)).replace(str(path), path.name), 280) or "no further words"
        raise Refused(f"{path.name} cannot be read as {kind} ({type(error).__name__}: {words}); {advice}") from error


def model_file(artifact: Artifact) -> Path:
    """The artifact's file. Raises Refused when it is missing, empty, a folder or a Git LFS pointer."""
    path = Path(artifact.path)
    if not path.is_file():
        raise Refused(f"there is no file {path.name} in {path.parent.name or path.parent}; check the candidate's path")
    with path.open("rb") as file:
        head = file.read(len(_POINTER))
    if not head:
        raise Refused(f"{path.name} is empty; save the model again")
    if head == _POINTER:
        raise Refused(f"{path.name} is a Git LFS pointer, not the model; fetch it with: git lfs pull")
    return path


def needs_trust(artifact: Artifact, why: str, instead: str) -> None:
    """Raises Refused, with the line to paste and the way to convert, unless the plan says `trust: true`."""
    if not artifact.trust.everything:
        name = one_line(Path(artifact.path).name, 120)
        raise Refused(f"{name}: {why}. If you trust it, write `trust: true` for this candidate; or {instead}")


def check_zip(path: Path) -> None:
    """Refuses a zip archive that would unpack to far more than it holds, before anything is unpacked."""
    with zipfile.ZipFile(path) as archive:
        check_members(archive, path.name, path.stat().st_size)


def check_members(archive: zipfile.ZipFile, name: str, size: int) -> None:
    """The same for an opened archive of so many bytes."""
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    limit = min(_UNPACKED, max(_SMALL, _RATIO * size))
    if len(members) > _MEMBERS or unpacked > limit:
        raise Refused(
            f"{name} declares {len(members):,} members of {unpacked:,} bytes, more than the {limit:,} bytes that a file of "
            "its size may unpack to; save the model again without compression"
        )


@contextmanager
def importing_from(folder: str | None) -> Iterator[None]:
    """Puts a trusted folder first on sys.path, for good: its code may import more when it is called."""
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
    yield


def imported(named: str, folder: str | None) -> Any:
    """The object that `module:name` stands for, its module imported with `folder` first on sys.path. Raises Refused."""
    if not NAMED_OBJECT.fullmatch(named):
        raise Refused(f"{one_line(named, 120)!r} does not name Python code; write `module:function`")
    module_name, _, name = named.partition(":")
    with importing_from(folder):
        module = _module(module_name, folder)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise Refused(f"module {module_name} has no {name!r}.{did_you_mean(name, _public(module))}")
        found = getattr(found, part)
    return found


def code_file(named: str) -> tuple[str, ...]:
    """The file of an imported `module:name`, as an absolute path; empty for modules without one."""
    file = getattr(sys.modules.get(named.partition(":")[0]), "__file__", None)
    return (str(Path(file).resolve()),) if file else ()


def code_folder(module_name: str) -> str | None:
    """The folder that a module of the caller's own is imported from; None for installed and built-in modules."""
    file = getattr(sys.modules.get(module_name), "__file__", None)
    if not file or "site-packages" in Path(file).parts or Path(file).is_relative_to(Path(importlib.__file__).parent.parent):
        return None
    depth = module_name.count(".") + (Path(file).name == "__init__.py")
    return str(Path(file).resolve().parents[depth])


def _module(name: str, folder: str | None) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.split(".")[0] == error.name.split(".")[0]:
            where = f" in {Path(folder).name or folder}" if folder else ""
            raise Refused(f"there is no module {name!r}{where} nor among the installed packages") from error
        raise Refused(f"module {name} needs {error.name!r}, which is not installed") from error
    except Exception as error:
        raise Refused(f"importing {name} failed ({type(error).__name__}: {one_line(str(error), 200)})") from error


def _public(module: ModuleType) -> list[str]:
    return [name for name in vars(module) if not name.startswith("_")]
