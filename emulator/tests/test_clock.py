"""That it moves the clock of a stack is seen in tests/test_stack_controls.py."""

from pathlib import Path

import pytest

from aikagi_emulator.clock import main


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["1h"], id="no sign"),
        pytest.param(["+h"], id="no number"),
        pytest.param(["+1"], id="no unit"),
        pytest.param(["+1w"], id="an unknown unit"),
        pytest.param(["+1h", "+1h"], id="twice"),
        pytest.param(["reset", "now"], id="more than reset"),
    ],
)
def test_what_is_no_move_is_told_with_what_is(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "operator.env").touch()

    status = main([*words, "--state", str(tmp_path)])

    assert status == 2
    assert "say +1h, -10m, +90s, +2d or reset" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param([], "operator.env is not there: start a stack", id="no stack"),
        pytest.param(["--port", "9"], "9/operator.env is not there", id="no port"),
    ],
)
def test_without_a_stack_it_says_to_start_one(
    more: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["+1h", "--state", str(tmp_path), *more]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_leads_nowhere_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "operator.env").write_text("AWS_REGION=ap-northeast-1\n")

    assert main(["+1h", "--state", str(tmp_path)]) == 2
    assert "AWS_ENDPOINT_URL is missing" in capsys.readouterr().err


def test_a_stack_that_is_gone_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    # Port 1 is nobody's on any machine that runs tests.
    (tmp_path / "operator.env").write_text(
        "AWS_ENDPOINT_URL=http://127.0.0.1:1\nAWS_REGION=ap-northeast-1\n"
        "AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\nAWS_SESSION_TOKEN=c\n"
    )

    assert main(["+1h", "--state", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "No stack answers at http://127.0.0.1:1.\n"
