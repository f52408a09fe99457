"""Which of a file's gate templates has the shell that a GitLab job runs in?"""

from __future__ import annotations

import re
from typing import Final

from gate.core.reason import one_line, quoted
from gate.wiring.gitlab.include import Template
from gate.wiring.gitlab.keys import find_inherited, value_of
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.records import Refused
from gate.wiring.yaml_text import Scalar, walk

_WINDOWS: Final = {
    "tags": re.compile(r"(?<![a-z])win(?:dows|32|64)?(?![a-z])|powershell|pwsh", re.IGNORECASE),
    "image": re.compile(r"windows|powershell|nanoserver|servercore", re.IGNORECASE),
}


def template_for(pipeline: Pipeline, job: Job) -> Template | None:
    """Return the template that a job's shell can use, None where the file has none yet.

    Raises:
        Refused: the job's runner looks like one that knows PowerShell, and no template is for that.
    """
    by_shell = {template.shell: template for template in reversed(pipeline.templates)}
    for key, pattern in _WINDOWS.items():
        node = value_of(find_inherited(pipeline, job.name, key))
        for inner in walk(node) if node else ():
            if isinstance(inner, Scalar) and pattern.search(inner.value):
                if "powershell" in by_shell:
                    return by_shell["powershell"]
                reason = (
                    f"{quoted(job.name)} runs on Windows ({key}: {one_line(inner.value, 60)}); include the "
                    "gate's template for it, with shell: powershell and a name of its own (its gate job "
                    "needs the same runner), and wire again"
                )
                raise Refused(pipeline.place(inner), reason)
    return by_shell.get("bash") or next(iter(pipeline.templates), None)
