"""Which trigger jobs does one pipeline have?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable


def trigger_jobs(client: Client, project: str, pipeline: int | str, path: str) -> list[Mapping[str, Any]]:
    """Return all trigger jobs of a pipeline as REST shows them.

    Raises:
        Unanswered: they cannot be listed.
    """
    ask = Ask(
        path=f"/projects/{project}/pipelines/{pipeline}/trigger_jobs",
        what=f"the trigger jobs of pipeline {pipeline} of {path}",
        needs="the scope read_api and the Reporter role in the project",
    )
    try:
        return _rows(client, ask)
    except Unanswered as error:
        if error.status != 404:
            raise
        # Its name before GitLab 19.2.
        return _rows(client, replace(ask, path=ask.path.replace("/trigger_jobs", "/bridges")))


def _rows(client: Client, ask: Ask) -> list[Mapping[str, Any]]:
    found = [fields for page in client.pages(ask) for fields in page]
    for index, fields in enumerate(found):
        match fields:
            case {"id": int(), "name": str(), "stage": str(), "status": str()}:
                continue
        raise unreadable(ask, client.host, f"a job with id, name, stage and status at [{index}]")
    return found
