"""Fixtures for the test of README.md."""

pytest_plugins = ["pytester"]
