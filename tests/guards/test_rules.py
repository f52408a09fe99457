"""Which outcome has a test whose request was held back? One small suite a rule, and its outcomes."""

from __future__ import annotations

from pathlib import Path

from gate.sandbox.focus import FocusServer, FocusState
from tests.guards.running import Ran, configured, run_suite, write_suite


def closed(tmp_path: Path, focus: FocusServer, test_it: str, *arguments: str, conftest: str = "") -> Ran:
    """Run one module against a lab without fibre, and see that nothing reaches it."""
    suite = write_suite(tmp_path / "suite", test_it=test_it, conftest=conftest)
    ran = run_suite(suite, focus, tmp_path, *arguments)
    assert configured(focus) == 0
    return ran


def outcomes(ran: Ran) -> dict[str, str]:
    return {name.removeprefix("test_it."): outcome for name, outcome in ran.outcomes.items()}


def test_a_failure_before_the_request_stays_one_and_a_failure_after_it_is_none(
    tmp_path: Path, focus: FocusServer
) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import pytest, unittest

        @pytest.fixture
        def tidy():
            yield
            configure()

        def test_failed_before(tidy): assert read() == 500

        class Case(unittest.TestCase):
            def tearDown(self): configure()
            def test_failed_before(self): self.assertEqual(read(), 500)
            def test_failed_after(self):
                try: configure()
                except BaseException: pass
                self.fail("for want of a task")

        def test_failed_after():
            try: configure()
            except BaseException: pass
            raise ValueError("for want of a task")
        """,
    )
    assert outcomes(ran) == {
        "test_failed_before": "failed",
        "Case.test_failed_before": "failed",
        "Case.test_failed_after": "blocked",
        "test_failed_after": "blocked",
    }
    assert ran.code == 1


def test_an_expected_failure_or_a_skip_mark_keeps_its_meaning(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import pytest

        @pytest.mark.xfail(strict=True)
        def test_strict(): configure()

        @pytest.mark.xfail(strict=True)
        def test_strict_and_quiet():
            try: configure()
            except BaseException: pass

        @pytest.mark.xfail(raises=ValueError)
        def test_raises_what_it_should_after_it():
            try: configure()
            except BaseException: raise ValueError from None

        @pytest.mark.xfail
        def test_fails_without_the_lab(): assert read() == 500

        @pytest.mark.skip(reason="not today")
        @pytest.mark.requires_fiber
        def test_skipped(): configure()

        @pytest.mark.xfail(run=False)
        def test_not_run(): configure()
        """,
    )
    assert outcomes(ran) == {
        "test_strict": "blocked",
        "test_strict_and_quiet": "blocked",
        "test_raises_what_it_should_after_it": "blocked",
        "test_fails_without_the_lab": "xfailed",
        "test_skipped": "skipped",
        "test_not_run": "xfailed",
    }


def test_teardowns_run_and_their_errors_after_a_block_count_for_nothing(
    tmp_path: Path, focus: FocusServer
) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import pathlib, pytest

        @pytest.fixture
        def job():
            found = {}
            yield found
            pathlib.Path("torn_down").write_text("yes")
            found["job_id"]

        @pytest.fixture(scope="module")
        def really_broken():
            yield
            raise RuntimeError("a leak of the product")

        def test_job(job): job["job_id"] = configure()

        def test_last(really_broken): configure()
        """,
    )
    assert (tmp_path / "suite" / "torn_down").exists()
    assert outcomes(ran) == {"test_job": "blocked", "test_last": "error"}
    assert "a leak of the product" in ran.output
    assert "KeyError" not in ran.output


def test_a_thread_that_outlives_its_test_blocks_no_later_one(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import threading

        go, done = threading.Event(), threading.Event()

        def later():
            go.wait(10)
            try: configure()
            finally: done.set()

        def test_leaves_a_thread_behind(): threading.Thread(target=later).start()

        def test_reads():
            go.set()
            assert done.wait(10) and read() == 200
        """,
    )
    assert outcomes(ran) == {"test_leaves_a_thread_behind": "passed", "test_reads": "passed"}
    assert [(held["when"], held["nodeid"]) for held in ran.report["apart"]] == [
        ("afterwards", "test_it.py::test_leaves_a_thread_behind")
    ]
    assert "held back as well, afterwards: test_it.py::test_leaves_a_thread_behind - POST " in ran.output


def test_the_teardown_of_a_wider_fixture_blocks_no_test(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import pytest, threading

        @pytest.fixture(scope="module", autouse=True)
        def restored():
            yield
            thread = threading.Thread(target=configure)
            thread.start()
            thread.join()
            configure()

        def test_reads(): assert read() == 200
        """,
    )
    assert (outcomes(ran), ran.code) == ({"test_reads": "passed"}, 0)
    assert [held["nodeid"] for held in ran.report["apart"]] == ["restored", "restored"]


def test_a_wider_fixture_is_not_set_up_again_while_the_lab_is_dark(
    tmp_path: Path, focus: FocusServer
) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import pytest

        @pytest.fixture(scope="session")
        def task():
            with open("set_up", "a") as file: file.write("x")
            return configure()

        @pytest.fixture(scope="session")
        def by_name(request): return request.getfixturevalue("task")

        def test_a(task): pass
        def test_b(by_name): pass
        def test_between(): assert read() == 200
        def test_c(by_name, task): pass
        """,
    )
    assert outcomes(ran) == {
        "test_a": "blocked",
        "test_b": "blocked",
        "test_between": "passed",
        "test_c": "blocked",
    }
    assert (tmp_path / "suite" / "set_up").read_text() == "x"


def test_a_module_that_configures_while_it_is_imported_is_blocked_as_a_whole(
    tmp_path: Path, focus: FocusServer
) -> None:
    suite = write_suite(
        tmp_path / "suite", test_it="configure()\ndef test_it(): pass", test_other="def test_it(): read()"
    )
    for arguments in ((), ("-n", "2")):
        ran = run_suite(suite, focus, tmp_path, "--gate-exit", "closed", *arguments)
        assert ran.outcomes["test_other.test_it"] == "passed"
        assert ran.code == 75
        assert [held["nodeid"] for held in ran.report["apart"]] == ["test_it.py"]
    assert configured(focus) == 0


def test_a_conftest_that_configures_while_it_is_imported_reaches_no_lab(
    tmp_path: Path, focus: FocusServer
) -> None:
    conftest = "from lab import *\ntry: configure()\nexcept BaseException: pass"
    ran = closed(tmp_path, focus, "def test_reads(): assert read() == 200", conftest=conftest)
    assert outcomes(ran) == {"test_reads": "passed"}
    assert ran.report["apart"][0]["when"] == "outside of tests"


def test_a_health_check_of_their_own_keeps_its_say(tmp_path: Path, focus: FocusServer) -> None:
    check = """
    import pytest
    from lab import send
    @pytest.fixture(scope="session", autouse=True)
    def health_check():
        assert send("GET", "/live_metadata") == 200
        pytest.skip("the lab is dark, says our own check")
    """
    ran = closed(tmp_path, focus, "def test_it(): configure()", conftest=check)
    assert (outcomes(ran), ran.code) == ({"test_it": "skipped"}, 0)
    assert "blocked" not in ran.output


def test_a_child_process_of_multiprocessing_blocks_the_test(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import multiprocessing, pytest
        from concurrent.futures import ProcessPoolExecutor

        @pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
        def test_forked():
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
                pool.submit(configure).result(10)
        """,
        "-W",
        "ignore",
    )
    assert set(outcomes(ran).values()) <= {"blocked", "skipped"}


def test_a_test_that_will_not_end_is_blocked_when_its_time_is_over(
    tmp_path: Path, focus: FocusServer
) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import time
        def test_catches_everything():
            while True:
                try: configure()
                except BaseException as error:
                    if "Timeout" in repr(error): raise
                    time.sleep(0.05)
        """,
        "--timeout=1",
    )
    assert outcomes(ran) == {"test_catches_everything": "blocked"}


def test_only_what_failed_is_run_again(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        def test_configures():
            with open("attempts", "a") as file: file.write("x")
            configure()
        def test_fails(): assert read() == 500
        """,
        "--reruns=2",
    )
    assert (tmp_path / "suite" / "attempts").read_text() == "x"
    assert "1 failed, 1 blocked, 2 rerun" in ran.output


def test_async_tests_of_anyio_are_blocked_as_well(tmp_path: Path, focus: FocusServer) -> None:
    ran = closed(
        tmp_path,
        focus,
        """
        import anyio, pytest
        pytestmark = pytest.mark.anyio

        @pytest.fixture(scope="module")
        def anyio_backend(): return "asyncio"

        @pytest.fixture(scope="module")
        async def shared(): yield 1

        async def test_quietly(shared):
            try: await anyio.to_thread.run_sync(configure)
            except BaseException: pass

        async def test_reads(shared): assert await anyio.to_thread.run_sync(read) == 200
        """,
    )
    assert outcomes(ran) == {"test_quietly": "blocked", "test_reads": "passed"}


def test_an_open_lab_leaves_every_outcome_alone(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    suite = write_suite(
        tmp_path / "suite",
        test_it="""
        import pytest
        def test_fails(): assert configure() == 500
        @pytest.mark.xfail
        def test_expected(): assert configure() == 500
        @pytest.mark.requires_fiber
        def test_passes(): assert configure() == 200
        """,
    )
    ran = run_suite(suite, focus, tmp_path)
    assert outcomes(ran) == {"test_fails": "failed", "test_expected": "xfailed", "test_passes": "passed"}
    assert configured(focus) == 3
