"""The suite is run by the tests here as a process of its own, never as part of ours."""

collect_ignore = ["suite"]
