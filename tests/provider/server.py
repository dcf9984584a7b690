"""An OpenID provider as a process: node's ``oidc-provider``, which is certified.

Whoever signs in there chooses who they are: nobody has a password.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

ROOT: Final = Path(__file__).parents[2]
NODE: Final = ROOT / ".tools" / "node" / "bin" / "node"
PACKAGES: Final = ROOT / ".tools" / "node-provider"
SCRIPT: Final = Path(__file__).parent / "node" / "provider.mjs"

CLIENT: Final = "aikagi"
"""The public client of the page and of the terminal; its ID tokens are ES256."""

TERMINAL_CLIENT: Final = "aikagi-terminal"
"""A native client, of which people are asked each time; its ID tokens are RS256."""

AUDIENCE: Final = "urn:aikagi:broker"
"""``aud`` of access tokens; of ID tokens it is the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``sub`` and ``groups`` are claims of their tokens."""

    sub: str
    name: str
    groups: tuple[str, ...] = ()


ALICE: Final = Person(sub="alice", name="Alice", groups=("staff", "researchers"))
HANAKO: Final = Person(sub="大学|花子", name="山田 花子", groups=("staff",))
STRANGER: Final = Person(sub="7f3c9a", name="A stranger")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Any free ``port`` is 0. Lifetimes are seconds: of the tokens that a broker gets,
    and of a code that somebody types elsewhere.

    Without ``refreshes`` there are no refresh tokens, without ``devices`` no device
    grant.
    """

    port: int = 0
    people: Sequence[Person] = (ALICE, HANAKO, STRANGER)
    lifetime: int = 600
    device_lifetime: int = 600
    refreshes: bool = True
    devices: bool = True


@final
class Provider:
    """Start it as a context. ``issuer`` is where it answers."""

    def __init__(self, settings: ProviderSettings | None = None) -> None:
        self._settings = settings or ProviderSettings()
        self._process: subprocess.Popen[bytes] | None = None
        self.issuer = ""

    def start(self) -> None:
        """Start it. Raises ``OSError`` or ``RuntimeError``."""
        # It ends with its standard input, and so with this process.
        self._process = subprocess.Popen(
            [str(NODE), "--no-warnings", str(SCRIPT)],
            cwd=PACKAGES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.defpath, "NODE_ENV": "production"},
        )
        written, read = self._process.stdin, self._process.stdout
        assert written is not None
        assert read is not None
        written.write(json.dumps(asdict(self._settings)).encode() + b"\n")
        written.flush()
        ready = read.readline()
        if not ready:
            self.stop()
            msg = "The OpenID provider did not start; its own words stand above."
            raise RuntimeError(msg)
        self.issuer = json.loads(ready)["issuer"]

    def stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.kill()
        process.wait()

    def restart(self) -> None:
        """Start it anew at the same place, with other keys, and nobody known."""
        self.stop()
        port = int(self.issuer.rpartition(":")[2])
        self._settings = replace(self._settings, port=port)
        self.start()

    def entry(self, **members: Any) -> dict[str, Any]:
        """Give what a broker is told of it: the entry of an issuer."""
        return {
            "Title": "the provider of this laptop",
            "Issuer": self.issuer,
            "Audiences": [CLIENT, TERMINAL_CLIENT, AUDIENCE],
            "Algorithms": ["ES256", "RS256"],
            "MaxTokenSeconds": 3600,
            "GroupsClaim": "groups",
            "Groups": {"staff": ["everyone"], "researchers": ["research"]},
            "SignIn": True,
            "ClientId": CLIENT,
            "Scopes": ["openid", "profile", "groups"],
            "SendToken": "id_token",
            **members,
        }

    def listed(self, name: str = "laptop", **members: Any) -> dict[str, Any]:
        """Give it as a broker lists it to those who want to sign in."""
        return {
            "name": name,
            "title": "the provider of this laptop",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "scopes": ["openid", "profile", "groups"],
            "send_token": "id_token",
            **members,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def running_provider(settings: ProviderSettings | None = None) -> Iterator[Provider]:
    with Provider(settings) as provider:
        yield provider
