"""Where log lines go, and which libraries may not say all they would."""

import logging
from typing import Final

_TALKATIVE: Final = {
    # At DEBUG these print credentials, signatures and whole answers of STS.
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "s3transfer": logging.INFO,
    "urllib3": logging.WARNING,
    # At DEBUG this prints form fields, passwords among them.
    "python_multipart": logging.INFO,
    "multipart": logging.INFO,
    # A line for each request, on top of the server's own.
    "mangum": logging.WARNING,
    "httpx": logging.WARNING,
}


def configure(level: str) -> None:
    """Log to standard error at ``level``; on Lambda, to the handler that is there."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().setLevel(level)
    for name, floor in _TALKATIVE.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(floor, logging.getLevelName(level)))
