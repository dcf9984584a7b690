"""What `aikagi credentials` costs whoever starts it: AWS's SDKs, for each profile."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.measure import Comparison
from tests.stack import ROOT, Stack, clean_environment

_ROUNDS = 15
_SIGNER = "import botocore.auth, botocore.awsrequest, botocore.credentials"


def compare_commands(stack: Stack) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        environment = clean_environment(PYTHONPATH=str(ROOT), XDG_STATE_HOME=folder)

        def python(*words: str, typed: str = "") -> None:
            subprocess.run(  # noqa: S603 - this very interpreter
                [sys.executable, *words],
                env=environment,
                input=typed,
                stdout=subprocess.DEVNULL,
                text=True,
                check=True,
            )

        def aikagi(*words: str, typed: str = "") -> None:
            python("-m", "aikagi", *words, typed=typed)

        aikagi(
            *("login", "--broker", stack.broker, "-u", "alice", "--password-stdin"),
            typed=stack.users["alice"],
        )
        aikagi("credentials", "hello")
        for name, words in (
            ("aikagi credentials, cached", ("credentials", "hello")),
            ("aikagi call hello", ("call", "hello", "-q")),
        ):
            yield str(
                Comparison.of(
                    name,
                    lambda words=words: aikagi(*words),  # type: ignore[misc]
                    "a bare interpreter",
                    lambda: python("-c", "pass"),
                    rounds=_ROUNDS,
                )
            )
        yield str(
            Comparison.of(
                "importing botocore's signer",
                lambda: python("-c", _SIGNER),
                "a bare interpreter",
                lambda: python("-c", "pass"),
                rounds=_ROUNDS,
            )
        )
