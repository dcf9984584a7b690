"""The SAM CLI, as a program of its own: it pins a boto3 that is not ours."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

from deployment.errors import ExitCode

_OWN_VARIABLES: Final = {"SAM_CLI_TELEMETRY": "0"}


@final
class Sam:
    """Each method gives the exit code of the program, which speaks for itself.

    After Ctrl-C that is ``ExitCode.INTERRUPTED``, unless all was done anyhow.

    Args:
        program: the words that begin a command of the SAM CLI.
        build: the command that builds what is deployed. It installs the SAM CLI too.
        install: the command that only does that.
        folder: where both run.

    """

    def __init__(
        self,
        *,
        program: Sequence[str],
        build: Sequence[str],
        install: Sequence[str],
        folder: Path,
    ) -> None:
        self._program = tuple(program)
        self._build = tuple(build)
        self._install = tuple(install)
        self._folder = folder

    def build(self) -> int:
        return self._run(*self._build)

    def deploy(
        self, stack: str, region: str, parameters: Mapping[str, str], *, ask: bool
    ) -> int:
        """Make a change set and execute it, after a question if ``ask``.

        What is not in ``parameters`` keeps the value that is deployed. A change set of
        nothing is as good as one that was executed, and so is a no to the question.
        """
        with _file_of(parameters) as file:
            return self._run(
                *self._program,
                "deploy",
                *("--stack-name", stack),
                *("--region", region),
                # A bucket of the SAM CLI's own, and a folder for each stack in it: else
                # deleting one stack would delete what another was deployed from.
                "--resolve-s3",
                *("--s3-prefix", stack),
                # Its roles and policies have no names of their own.
                *("--capabilities", "CAPABILITY_IAM"),
                "--no-fail-on-empty-changeset",
                "--confirm-changeset" if ask else "--no-confirm-changeset",
                # Words on the command line would have to be quoted for a parser of its
                # own, which takes no empty value.
                *(("--parameter-overrides", f"file://{file}") if parameters else ()),
            )

    def delete(self, stack: str, region: str) -> int:
        """Delete a stack and what it was deployed from, without a question."""
        installed = self._run(*self._install)
        return installed or self._run(
            *self._program,
            "delete",
            *("--stack-name", stack),
            *("--region", region),
            "--no-prompts",
        )

    def _run(self, *command: str) -> int:
        process = subprocess.Popen(  # noqa: S603 - commands of this program alone
            command, cwd=self._folder, env={**os.environ, **_OWN_VARIABLES}
        )
        interrupted = False
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # It reaches the program as well, which ends in its own way.
                interrupted = True
            else:
                return ExitCode.INTERRUPTED if interrupted and code else code


@contextmanager
def _file_of(parameters: Mapping[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aikagi-") as folder:
        file = Path(folder, "parameters.yaml")
        # JSON is YAML, and the SAM CLI takes no file that is called otherwise.
        file.write_text(json.dumps(dict(parameters)), "utf-8")
        yield file
