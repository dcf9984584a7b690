"""What is logged, and by whom not."""

import logging
from typing import Final

from aikagi_emulator.launcher.errors import LaunchError

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")

_TALKATIVE: Final = (
    # At DEBUG these print credentials, or bodies that hold them.
    "boto3",
    "botocore",
    "moto",
    "responses",
    "s3transfer",
    "samtranslator",
    "urllib3",
    "werkzeug",
)


def configure(level: str, *, variable: str) -> None:
    """Log to standard error at ``level``.

    Raises ``LaunchError`` for an unknown one, which names ``variable``.
    """
    if level not in LEVELS:
        msg = f"{level!r} is not a log level: {variable} is {', '.join(LEVELS)}."
        raise LaunchError(msg)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger().setLevel(level)
    quieter = max(logging.WARNING, logging.getLevelNamesMapping()[level])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(quieter)
    if level != "DEBUG":
        # At INFO it tells of its own start and end, five servers long.
        logging.getLogger("uvicorn").setLevel(quieter)
    logging.getLogger("asyncio").setLevel(quieter)
