"""Set-up as pytest's own classes and unittest have it."""

# ruff: noqa: D101

from __future__ import annotations

import unittest
from typing import ClassVar

import pytest

from tests.guards.suite.lab import FocusClient, quietly


@pytest.mark.configures
class TestSetupMethod:
    def setup_method(self) -> None:
        self.task = FocusClient().configure()

    def test_task(self) -> None:
        assert self.task


@pytest.mark.configures
class TestSetupClass:
    task: ClassVar[object] = None

    @classmethod
    def setup_class(cls) -> None:
        cls.task = FocusClient().configure()

    def test_task(self) -> None:
        assert self.task

    def test_task_again(self) -> None:
        assert self.task


@pytest.mark.configures
class TestCaseSetUp(unittest.TestCase):
    def setUp(self) -> None:
        self.task = FocusClient().configure()

    def test_task(self) -> None:
        assert self.task


@pytest.mark.configures
class TestCaseSetUpClass(unittest.TestCase):
    task: ClassVar[object] = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.task = FocusClient().configure()

    def test_task(self) -> None:
        assert self.task

    def test_task_again(self) -> None:
        assert self.task


class TestCase(unittest.TestCase):
    def setUp(self) -> None:
        self.client = FocusClient()

    @pytest.mark.configures
    def test_configures(self) -> None:
        assert self.client.configure()

    @pytest.mark.configures
    def test_configures_quietly(self) -> None:
        assert quietly(self.client.configure)

    @pytest.mark.configures
    def test_configures_in_a_subtest(self) -> None:
        for number in range(3):
            with self.subTest(number=number):
                assert self.client.configure()

    def test_reads(self) -> None:
        assert self.client.channels()

    def test_reads_in_a_subtest(self) -> None:
        for number in range(3):
            with self.subTest(number=number):
                assert self.client.channels()


@pytest.mark.configures
class TestCaseTearDown(unittest.TestCase):
    def tearDown(self) -> None:
        FocusClient().configure()

    def test_reads_first(self) -> None:
        assert FocusClient().channels()
