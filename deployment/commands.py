"""``python -m deployment deploy`` and ``destroy``, as the Makefile calls them."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from deployment.account import Aws
from deployment.deploy import DeployCommand
from deployment.destroy import DestroyCommand
from deployment.environment_file import EnvironmentFile
from deployment.errors import DeploymentError, ExitCode, UsageError
from deployment.sam import Sam
from deployment.template_parameters import read_parameters
from deployment.terminal import Terminal

_ROOT: Final = Path(__file__).parents[1]
_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except DeploymentError as error:
        return _fail(str(error), error.code)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        refused = code in _REFUSED
        return _fail(
            f"AWS did not do it: {error}"
            + (
                " What whoever deploys has to be allowed is in docs/deployer.yaml."
                if refused
                else ""
            ),
            ExitCode.REFUSED if refused else ExitCode.UNREACHABLE,
        )
    except BotoCoreError as error:
        return _fail(f"AWS did not do it: {error}", ExitCode.UNREACHABLE)
    except KeyboardInterrupt:
        return _fail(
            "\nInterrupted: nothing was changed in AWS, and answers are written down.",
            ExitCode.INTERRUPTED,
        )
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment", description="What make deploy and destroy run."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    deploy = commands.add_parser("deploy", help="deploy an environment, or update it")
    deploy.add_argument(
        "--parameters",
        default="",
        metavar="'NAME=VALUE …'",
        help="quoted as in a shell",
    )
    deploy.set_defaults(run=_deploy)
    destroy = commands.add_parser("destroy", help="delete an environment's stack")
    destroy.add_argument("--confirm", default="", metavar="STACK", help="its name")
    destroy.add_argument(
        "--everything", action="store_true", help="remove what the stack would leave"
    )
    destroy.set_defaults(run=_destroy)
    for command in (deploy, destroy):
        command.add_argument("--environment", default="default", metavar="NAME")
        command.add_argument(
            "--checkout", type=Path, default=_ROOT, metavar="FOLDER", help="else this"
        )
        command.add_argument("--yes", action="store_true", help="ask nothing")
        command.add_argument(
            "--sam", default=".tools/sam/bin/sam", metavar="WORDS", help="the SAM CLI"
        )
        command.add_argument(
            "--make", default=os.environ.get("MAKE", "make"), metavar="WORDS"
        )
    return parser


def _deploy(options: argparse.Namespace) -> None:
    DeployCommand(
        name=options.environment,
        file=_file(options),
        parameters=read_parameters(options.checkout / "template.yaml"),
        given=parse_parameters(options.parameters),
        aws=Aws(),
        sam=_sam(options),
        terminal=_terminal(options),
    ).run()


def _destroy(options: argparse.Namespace) -> None:
    DestroyCommand(
        name=options.environment,
        file=_file(options),
        confirmed=options.confirm,
        everything=options.everything,
        aws=Aws(),
        sam=_sam(options),
        terminal=_terminal(options),
    ).run()


def parse_parameters(text: str) -> Mapping[str, str]:
    """Read ``Name=value`` words, quoted as in a shell. Raises ``UsageError``."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"PARAMETERS: {error}.") from error
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(
                f"PARAMETERS has {word!r}: write PARAMETERS='Name=value Other=value', "
                "and quotes around a value with a space."
            )
        if name in values:
            raise UsageError(f"PARAMETERS has {name} twice.")
        values[name] = value
    return values


def _file(options: argparse.Namespace) -> EnvironmentFile:
    folder, here = options.checkout / "environments", Path.cwd()
    # Named as somebody in the checkout would.
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return EnvironmentFile(shown, options.environment)


def _sam(options: argparse.Namespace) -> Sam:
    make = shlex.split(options.make)
    return Sam(
        program=shlex.split(options.sam),
        build=[*make, "--no-print-directory", "build"],
        install=[*make, "--no-print-directory", ".tools/sam/.installed"],
        folder=options.checkout,
    )


def _terminal(options: argparse.Namespace) -> Terminal:
    return Terminal(interactive=not options.yes and sys.stdin.isatty())


def _fail(sentence: str, code: ExitCode) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"{sentence}\n")
    return code
