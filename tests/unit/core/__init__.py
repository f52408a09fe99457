"""Tests that need no process and no network but loopback; the folders mirror gate/."""
