"""How does the guard come into a Locust process, and what if its configuration is wrong?"""

from __future__ import annotations

import os
import sys
from typing import Any

from gate.config import load_config
from gate.errors import GateError
from gate.guards import http
from gate.guards.locust.options import chosen
from gate.guards.locust.warden import Warden, log


def guard_environment(environment: Any, runner: Any, **_: object) -> None:
    """Guard this process as soon as Locust has its environment and runner.

    Raises:
        SystemExit: 78 where the configuration is wrong, which the log says.
    """
    options = chosen(environment.parsed_options)
    if options.off:
        log.warning("gate: off (--gate-off): nothing keeps this load test away from a dark lab")
        return
    try:
        config = load_config(None, os.environ)
        guard = http.Guard(config, os.environ, max_age=options.max_age, say=_say)
    except GateError as error:
        for line in str(error).splitlines():
            log.error("gate: %s", line)
        runner.quit()  # so that workers do not wait for a master that is gone
        sys.exit(error.exit_code)
    Warden(environment, runner, guard).take_over()


def _say(line: str) -> None:
    log.warning("gate: %s", line)
