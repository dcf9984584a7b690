"""What stands above the bar while a line has not ended yet."""

import pytest

from aikagi.commands.answer import StandardOutput
from aikagi.commands.live_view import LiveView


def frame(monkeypatch: pytest.MonkeyPatch, *texts: str) -> str:
    """Give a frame of a terminal of 80 columns and 24 lines."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    view = LiveView(StandardOutput())
    for text in texts:
        view.show({"type": "output", "text": text})
    with view._console.capture() as capture:
        view._console.print(view._frame())
    return capture.get()


def test_a_line_that_comes_in_pieces_is_seen_whole(monkeypatch: pytest.MonkeyPatch):
    seen = frame(monkeypatch, "one ", "line in ", "pieces")

    assert "one line in pieces" in seen


def test_of_a_line_longer_than_the_screen_the_end_is_seen(
    monkeypatch: pytest.MonkeyPatch,
):
    seen = frame(monkeypatch, "first ", "a" * 10_000, " last")

    assert "first" not in seen
    assert "last" in seen
    assert seen.count("\n") < 24
