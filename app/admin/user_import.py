"""Add the people of a file: each line whole or not at all, and what is there stays.

What a run has added, a second one finds there and leaves as it is.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    Future,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Final, TextIO, final

from app.admin.private_file import create_private, write_through
from app.admin.retries import Retries
from app.admin.user_files import RefusedLine, UserLine
from app.admin.users import ListedUser, NewUser, UserAdministration

THREADS: Final = 4
"""Each holds the 19 MiB of a hash, or waits for DynamoDB."""

_LETTERS: Final = "23456789abcdefghijkmnpqrstuvwxyz"
"""32 that nobody takes for another: five bits each."""

_BLOCKS: Final = 4
_BLOCK: Final = 4

_TAKEN: Final = "somebody added a user of this name meanwhile"


class ImportStoppedError(Exception):
    """It was interrupted while it waited for DynamoDB."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the lines of a file come down to, before anything is written.

    ``differing`` are those that are there already, otherwise than the file has them.
    """

    new: Sequence[UserLine]
    there: Sequence[UserLine]
    differing: Sequence[UserLine]
    refused: Sequence[RefusedLine]
    groups: frozenset[str]
    """All that anybody in the table is in."""

    def unknown_groups(self, known: Iterable[str]) -> Mapping[str, int]:
        """Give the groups that nobody knows, each with the first line that has it."""
        known = {*self.groups, *known}
        found: dict[str, int] = {}
        for line in self.new:
            for group in sorted(line.groups - known):
                found.setdefault(group, line.number)
        return found

    @property
    def without_password(self) -> int:
        return sum(line.password_hash is None for line in self.new)


@dataclass(slots=True)
class Outcome:
    """What was done so far, also where it ended early."""

    added: int = 0
    refused: list[RefusedLine] = field(default_factory=list)


def plan_import(
    lines: Iterable[UserLine | RefusedLine],
    pages: Iterable[Sequence[ListedUser]],
) -> Plan:
    """Read the lines, then the table, of which the names and the groups are kept."""
    wanted: dict[str, UserLine] = {}
    refused: list[RefusedLine] = []
    for line in lines:
        if isinstance(line, RefusedLine):
            refused.append(line)
        else:
            wanted[line.username] = line
    groups: set[str] = set()
    there: list[UserLine] = []
    differing: list[UserLine] = []
    for user in (user for page in pages for user in page):
        groups |= user.groups
        asked = wanted.pop(user.identity.subject, None)
        if asked is not None:
            there.append(asked)
            if _state_of(user) != _state_of(asked):
                differing.append(asked)
    return Plan(
        new=list(wanted.values()),
        there=there,
        differing=sorted(differing, key=lambda line: line.number),
        refused=refused,
        groups=frozenset(groups),
    )


def _state_of(user: ListedUser | UserLine) -> tuple[object, ...]:
    return user.groups, user.disabled, user.attributes


@final
class OneTimePasswords:
    """A new file of them, CSV, that the operator alone can read. Threads may share it.

    What is written is on the disk before anybody has the password.
    """

    def __init__(self, path: Path) -> None:
        """Raise ``NotDoneError`` where a file cannot be made."""
        self._file: TextIO = create_private(path)
        self._lock = Lock()
        write_through(self._file, "Username,Password\r\n")

    def new_for(self, username: str) -> str:
        password = "-".join(
            "".join(secrets.choice(_LETTERS) for _ in range(_BLOCK))
            for _ in range(_BLOCKS)
        )
        with self._lock:
            write_through(self._file, f"{username},{password}\r\n")
        return password

    def close(self) -> None:
        self._file.close()


@final
class UserImport:
    def __init__(
        self,
        users: UserAdministration,
        *,
        new_id: Callable[[], str],
        one_time_passwords: OneTimePasswords | None,
        note: Callable[[str], None],
        advance: Callable[[], None],
    ) -> None:
        self._users = users
        self._new_id = new_id
        self._one_time_passwords = one_time_passwords
        self._advance = advance
        self._stopped = Event()
        self._retries = Retries(wait=self._wait, report=note)
        self._counting = Lock()
        self.outcome = Outcome()

    def run(self, lines: Sequence[UserLine]) -> None:
        """Add them, several at once. ``outcome`` tells of each that was begun.

        Raises ``UsersUnavailableError`` where the table is away for long, and
        ``KeyboardInterrupt``: then those that were begun have been ended.
        """
        with ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool:
            running: set[Future[None]] = set()
            try:
                for line in lines:
                    running.add(pool.submit(self._add, line))
                    if len(running) >= 2 * THREADS:
                        running = _left_of(running, FIRST_COMPLETED)
                _left_of(running, FIRST_EXCEPTION)
            except BaseException:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _add(self, line: UserLine) -> None:
        """Add one, and count it here: an interruption meets the main thread alone."""
        user, version = self._new_user(line), self._new_id()
        was_added = self._retries.call(lambda: self._users.add_hashed(user, version))
        was_added = was_added or self._retries.call(
            lambda: self._users.was_added(user.username, version)
        )
        with self._counting:
            if was_added:
                self.outcome.added += 1
            else:
                self.outcome.refused.append(
                    RefusedLine(
                        number=line.number, username=line.username, reason=_TAKEN
                    )
                )
        self._advance()

    def _new_user(self, line: UserLine) -> NewUser:
        password_hash = line.password_hash
        if password_hash is None:
            if self._one_time_passwords is None:
                raise ValueError("there is no file for one-time passwords")
            password = self._one_time_passwords.new_for(line.username)
            password_hash = self._users.hash(password)
        return NewUser(
            username=line.username,
            groups=line.groups,
            disabled=line.disabled,
            attributes=line.attributes,
            password_hash=password_hash,
            is_one_time=line.is_one_time or line.password_hash is None,
        )

    def _wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise ImportStoppedError


def _left_of(running: set[Future[None]], when: str) -> set[Future[None]]:
    """Wait for some of them, and raise what they have raised."""
    ended, left = wait(running, return_when=when)
    for future in ended:
        future.result()
    return left
