"""A port that is kept for one process until that process listens on it."""

import socket
from typing import final


@final
class ReservedPort:
    """Bound and never listening, so that no one else is given the same number.

    A server that sets SO_REUSEADDR, as servers do, can listen beside it: on Linux two
    such sockets may share an address while only one of them listens. Held, it also
    keeps the kernel from choosing the number for our own end of a connection to it,
    which would then be connected to itself.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()
