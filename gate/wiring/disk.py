"""How is a pipeline file read, and written so that it is the old bytes or the new?

A link is followed where it stays in the tree that it lies in: the repository, else the working
folder, else the file's own folder. One that leads out is refused.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.wiring.edits import place_at
from gate.wiring.records import Refused, Source, Unreadable

# GitLab takes no file over 2 MB (docs.gitlab.com/administration/instance_limits, read 2026-11-24),
# and no workflow or Jenkinsfile that runs comes near it.
MAX_BYTES: Final = 2_000_000
_BOM: Final = b"\xef\xbb\xbf"
_NOWHERE: Final = place_at("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineFile:
    """A pipeline file as it was read.

    Attributes:
        target: where its bytes are, links followed.
        source: its text.
        bom: whether a byte order mark stands before the text.
    """

    target: Path
    source: Source
    bom: bool


def read_pipeline(path: Path) -> PipelineFile:
    """Return a pipeline file.

    Raises:
        Unreadable: it is not there, no ordinary file, too large, or no UTF-8 text.
        Refused: it is a link out of the tree.
    """
    try:
        target = _followed(path)
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(_NOWHERE, "this is no file")
        if found.st_size > MAX_BYTES:
            size = f"{found.st_size / 1e6:.1f} MB"
            raise Unreadable(_NOWHERE, f"the file is too large: {size}; a pipeline file has 2 MB at most")
        data = target.read_bytes()
    except OSError as error:
        raise Unreadable(_NOWHERE, f"cannot be read: {error.strerror or error}") from None
    return PipelineFile(target=target, source=_decoded(path, data), bom=data.startswith(_BOM))


def write_pipeline(file: PipelineFile, text: str) -> None:
    """Put a new text in the place of the old one, its mode and byte order mark kept.

    The new bytes are written beside the file first and then take its name, so that whoever
    reads it, or a machine that loses its power, finds the old bytes or the new.

    Raises:
        Refused: the file or its folder may not be written.
    """
    target = file.target
    new: Path | None = None
    try:
        found = target.stat()
        if not found.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise Refused(_NOWHERE, "the file is read-only; nothing was written")
        data = (_BOM if file.bom else b"") + text.encode("utf-8")
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as stream:
            new = Path(stream.name)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        new.chmod(stat.S_IMODE(found.st_mode))
        new.replace(target)
        new = None
    except OSError as error:
        raise Refused(
            _NOWHERE, f"cannot be written: {error.strerror or error}; nothing was written"
        ) from None
    finally:
        if new:
            with contextlib.suppress(OSError):
                new.unlink()


def _decoded(path: Path, data: bytes) -> Source:
    data = data.removeprefix(_BOM)
    if b"\0" in data:
        before = data[: data.index(b"\0")].decode("utf-8", "replace")
        raise Unreadable(place_at(before, len(before)), "a binary file: the byte 0 stands here")
    try:
        return Source(name=path.as_posix(), text=data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise Unreadable(
            place_at(before, len(before)), f"no UTF-8 text: the byte 0x{data[error.start]:02x} stands here"
        ) from None


def _followed(path: Path) -> Path:
    """Return where a path leads.

    Raises:
        Refused: out of its tree.
        OSError: nowhere.
    """
    target = path.resolve(strict=True)
    tree = _tree_of(Path(os.path.abspath(path)))  # noqa: PTH100 (`resolve` would follow the link)
    if not target.is_relative_to(tree.resolve()):
        raise Refused(_NOWHERE, "a link out of the tree, which is not followed")
    return target


def _tree_of(path: Path) -> Path:
    for folder in path.parents:
        if (folder / ".git").exists():
            return folder
    here = Path.cwd()
    return here if path.is_relative_to(here) else path.parent
