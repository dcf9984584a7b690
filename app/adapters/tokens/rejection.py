class Rejected(Exception):  # noqa: N818 - a verdict, not an error: it never leaves here
    """Why a token was not accepted, as a code for the log; never the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
