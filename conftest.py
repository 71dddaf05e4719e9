"""Registers the bench's plugin, so that the plans also run under plain pytest."""

pytest_plugins = ["bench.plugin.hooks"]
