"""A shipped profile with one change, as a file."""

from __future__ import annotations

import pytest

from bench.profile import profile_path


@pytest.fixture
def changed(tmp_path):
    """Return a function that writes a shipped profile with some texts replaced."""

    def write(*replacements, profile="ref-alt-400"):
        text = profile_path(profile).read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, f"{old!r} is not in {profile}"
            text = text.replace(old, new, 1)
        path = tmp_path / "changed.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
