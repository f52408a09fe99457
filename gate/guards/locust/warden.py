"""What becomes of a load test when its lab goes dark?

By default it is stopped, and its exit code is 75 or 69. Users are not left to fail: whoever
would configure the dark lab waits there until Locust ends it, and the master is told, since a
worker cannot stop a run (https://github.com/locustio/locust/issues/1067). With `--gate-pause`
such users go on when the lab is back.
"""

from __future__ import annotations

import logging
import random
import time
from typing import Any

import gevent  # type: ignore[import-untyped]
from gevent import Greenlet, GreenletExit
from gevent.event import Event  # type: ignore[import-untyped]
from locust.runners import WorkerRunner

from gate.core.model import Verdict
from gate.core.reason import one_line
from gate.core.verdict import exit_code
from gate.errors import Exit
from gate.guards import http
from gate.guards.locust.clients import hold_users
from gate.guards.locust.inside import listen_first, ramp_ups
from gate.guards.locust.options import Options, chosen

MESSAGE = "gate_closed"
_AT_WORK = ("spawning", "running")
_NO_SPIN = 1.0
_DOUBTS_EVERY = 1.0
_LOOK = 0.1
_KILLED_WITHIN = 5.0
_OF_THE_MASTER = 2.0

log = logging.getLogger("gate")


class Warden:
    """Keeps one Locust process from a dark lab.

    Args:
        environment: Locust's.
        runner: Locust's, for one process, a master or a worker.
        guard: decides on each request.
    """

    def __init__(self, environment: Any, runner: Any, guard: http.Guard) -> None:
        self.environment = environment
        self.runner = runner
        self.guard = guard
        self._stopped_with: Exit | None = None
        self._told = False
        self._asking = False
        self._ending = False
        self._paused_by: dict[str, Verdict] = {}
        self._ramp_up: Greenlet | None = None
        self._doubted_at = -_DOUBTS_EVERY
        self._certain = Event()
        self._certain.set()

    @property
    def options(self) -> Options:
        """The options in force."""
        return chosen(self.environment.parsed_options)

    def take_over(self) -> None:
        """Hold requests back from now on and, unless this is a worker, watch over the test."""
        events = self.environment.events
        self.guard.refuse = self.hold_back
        http.install(self.guard)
        hold_users(self.check, self.doubt)
        listen_first(events.test_start, self._begin)
        listen_first(events.test_stopping, self._end_begins)
        if isinstance(self.runner, WorkerRunner):
            return
        self.runner.register_message(MESSAGE, self._hear)
        # Called last to first, and examples in Locust's manual set the exit code to 0 here:
        # the first has the last word.
        listen_first(events.quitting, self._conclude)
        gevent.spawn(self._watch)

    def check(self, method: str, url: str) -> None:
        """Return when a user may send a request; a lab in doubt is waited for."""
        if not self._certain.is_set() and self.guard.lab_of(method, url):
            self._certain.wait()
        self.guard.check(method, url)

    def hold_back(self, call: http.Call) -> None:
        """Keep the caller from sending: return when it may, or else end it.

        What is no user, such as a listener of an event, gets the exception of a library. So
        does whoever would configure the lab while the test is ending, as in an `on_stop`.
        """
        is_user = gevent.getcurrent() in self.runner.user_greenlets
        if not self._ending:
            if self.options.pause:
                if self._await_opening(call.snapshot.lab):
                    return
            else:
                self._tell(call.snapshot.verdict)
            if is_user:
                self._await_end()
            else:
                gevent.sleep(_NO_SPIN)
        if is_user:
            raise GreenletExit
        http.refuse(call)

    def doubt(self, method: str, url: str) -> None:
        """Ask the lab that has just answered a configure request with 503, at most once a second.

        Under load, hundreds of requests fit into the seconds for which a reading counts.
        """
        lab = self.guard.lab_of(method, url)
        if lab is None or time.monotonic() - self._doubted_at < _DOUBTS_EVERY:
            return
        self._doubted_at = time.monotonic()
        self._certain.clear()
        try:
            self.guard.snapshot(lab, max_age=0)
        finally:
            self._certain.set()

    def stop_test(self, reason: str, code: Exit) -> None:
        """Stop the test with all its users, and the process where no person works at a web UI."""
        if self._stopped_with is not None:
            return
        self._stopped_with = code
        log.error("gate: %s; the load test is stopped", reason)
        self.environment.process_exit_code = int(code)
        self.runner.log_exception("gate", f"stopped by gate: {reason}", "")  # stands in the HTML report
        for ramp_up in ramp_ups(self.environment, self._ramp_up):
            ramp_up.kill()
        parsed = self.environment.parsed_options
        if parsed is None or parsed.headless:
            self.runner.quit()
            return
        self.runner.stop()
        if parsed.autostart and parsed.autoquit != -1:
            gevent.sleep(parsed.autoquit)
            self.runner.quit()
            self.environment.web_ui.stop()

    def _begin(self, **_: object) -> None:
        """Ask before the first user is spawned; called where the ramp-up will run."""
        self._told = self._ending = False
        if isinstance(self.runner, WorkerRunner):
            for lab in self._labs():  # a reading of before, which the master's has overtaken
                self.guard.snapshot(lab, max_age=_OF_THE_MASTER)
            return
        if self._stopped_with is not None:  # an earlier test, started at the web UI
            self._stopped_with = self.environment.process_exit_code = None
        self._ramp_up = gevent.getcurrent()
        self._asking = True
        for lab in self._labs():
            verdict = self.guard.snapshot(lab, max_age=0).verdict
            if verdict.open:
                log.info("gate: %s", verdict.reason)
                continue
            if self.options.pause:
                if self._await_opening(lab):
                    continue
            else:
                gevent.spawn(self.stop_test, verdict.reason, exit_code(verdict))
                self._await_end()
            raise GreenletExit  # instead of spawning users
        self._asking = False

    def _end_begins(self, **_: object) -> None:
        self._ending = True

    def _tell(self, verdict: Verdict) -> None:
        """Tell the master, or this process where it is the only one, once a test."""
        if not self._told:
            self._told = True
            told = {"reason": verdict.reason, "exit": int(exit_code(verdict))}
            self.runner.send_message(MESSAGE, told)

    def _watch(self) -> None:
        while True:
            gevent.sleep(self.options.max_age)
            if self.runner.state not in _AT_WORK:
                continue
            for lab in self._labs():
                verdict = self.guard.snapshot(lab).verdict
                if self.options.pause:
                    self._note(verdict)
                elif not verdict.open:
                    self.stop_test(verdict.reason, exit_code(verdict))

    def _hear(self, msg: Any, **_: object) -> None:
        """Take a worker's word that the lab is closed; it may see the lab by another way."""
        code = Exit.CLOSED if msg.data.get("exit") == Exit.CLOSED else Exit.UNKNOWN
        gevent.spawn(self.stop_test, one_line(str(msg.data.get("reason")), 600), code)

    def _await_opening(self, lab: http.Lab) -> bool:
        """Return True when the lab is ready, False when the test is ending before.

        Users come back spread over an interval, not at once.
        """
        while not self._ending:
            verdict = self.guard.snapshot(lab).verdict
            self._note(verdict)
            if verdict.open:
                return True
            gevent.sleep(self.options.max_age * random.uniform(0.5, 1.0))
        return False

    def _await_end(self) -> None:
        """Wait until the test's stop kills this greenlet.

        Users that end by themselves would be replaced as long as users are spawned. Where
        a stop gives users time (`--stop-timeout`), it is not for those that only wait.
        """
        while not self._ending:
            gevent.sleep(_LOOK)
        if not self.environment.stop_timeout:
            gevent.sleep(_KILLED_WITHIN)

    def _note(self, verdict: Verdict) -> None:
        """Say when a pause begins and when it ends."""
        paused = verdict.environment in self._paused_by
        if verdict.open and paused:
            log.info("gate: %s; going on", verdict.reason)
            del self._paused_by[verdict.environment]
        elif not verdict.open and not paused:
            log.warning("gate: %s; what configures the lab waits (--gate-pause)", verdict.reason)
            self._paused_by[verdict.environment] = verdict

    def _conclude(self, **_: object) -> None:
        """Decide on the exit code: what the gate stopped, or never let begin, is not done."""
        code = self._stopped_with
        if code is None and self._paused_by:
            verdict = next(iter(self._paused_by.values()))
            code = exit_code(verdict)
            log.error("gate: %s; the load test ended while it was paused", verdict.reason)
        elif code is None and self._asking:
            code = Exit.UNKNOWN
            log.error("gate: the load test ended before the lab had answered; no user was spawned")
        if code is not None:
            self.environment.process_exit_code = int(code)

    def _labs(self) -> tuple[http.Lab, ...]:
        """Return the labs that the users are sent to, or else the chosen one."""
        hosts = [self.environment.host, *(user.host for user in self.environment.user_classes)]
        found = {lab.name: lab for host in hosts if host and (lab := self.guard.lab_at(host))}
        return tuple(found.values()) or self.guard.labs[:1]
