"""Why a command did not do what it was asked to: sentences for whoever typed it."""


class UsageError(Exception):
    """The command itself is wrong."""


class NotDoneError(Exception):
    """Nothing was changed."""
