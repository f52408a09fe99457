"""How is a diagnosis handed to someone else? One zip file without a secret in it."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gate import __version__
from gate.core.reason import iso
from gate.diagnose.diagnosis import Diagnosis
from gate.diagnose.words import event_line
from gate.errors import OutputError

FOLDER: Final = "gate-diagnose"
_ABOUT: Final = f"{FOLDER}/about.txt"


def bundle_files(diagnosis: Diagnosis, given: Mapping[str, str]) -> dict[str, str]:
    """Return the bundle's files by name: what is given, the logs and the events.

    Args:
        diagnosis: scrubbed, as `gate.diagnose.scrub` does it.
        given: further files, such as the text and the JSON of the diagnosis.
    """
    evidence = diagnosis.evidence
    about = (
        f"gate {__version__}, {iso(evidence.now)}, environment {evidence.verdict.environment}\n"
        "No environment variables, annotations, secrets or kubeconfig are in here; what looked like\n"
        "a password in a log stands as ***.\n"
    )
    files = {"about.txt": about, **given}
    cluster = evidence.cluster
    for log in cluster.logs if cluster else ():
        run = "previous" if log.previous else "current"
        lines = [f"{iso(line.at)} {line.text}" if line.at else line.text for line in log.lines]
        files[f"logs/{log.pod}.{log.container}.{run}.log"] = "".join(f"{line}\n" for line in lines)
    events = [event_line(event, evidence.now) for event in cluster.events] if cluster else []
    files["events.txt"] = "".join(f"{line}\n" for line in events)
    return {f"{FOLDER}/{name}": text for name, text in files.items()}


def check_target(path: Path) -> None:
    """Refuse a target that could not be written, or that is something else than a bundle.

    Raises:
        OutputError: its folder is missing, or a file is there that gate has not written.
    """
    if not path.absolute().parent.is_dir():
        raise OutputError(f"--bundle: there is no folder {path.absolute().parent}")
    if path.exists() and not _is_bundle(path):
        raise OutputError(f"--bundle: {path} is there already and is no bundle of gate; name another file")


def write_bundle(path: Path, files: Mapping[str, str]) -> None:
    """Write the files as a zip, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text.encode("utf-8", "replace"))
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.absolute().parent, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.getvalue())
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"--bundle: cannot write {path}: {error.strerror or error}") from None


def _is_bundle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _ABOUT in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
