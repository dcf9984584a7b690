"""What is particular to one project: ``emulator.toml``, see the README."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, final

from aikagi_emulator.launcher.build import Build
from aikagi_emulator.launcher.errors import LaunchError

T = TypeVar("T")

FILE: Final = "emulator.toml"

_TOP: Final = frozenset(
    {
        "application",
        "environment-prefix",
        "function-names",
        "parameters",
        "seed",
        "stacks",
        "state",
        "template",
    }
)
_APPLICATION: Final = frozenset(
    {
        "app",
        "function",
        "health-path",
        "inherit",
        "name",
        "pages",
        "reload",
        "variables",
    }
)
_STACK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
"""CloudFormation API Reference, CreateStack, StackName."""
_NEEDED: Final = ("app", "function")
_IN_WORDS: Final[Mapping[type, str]] = {
    str: "a string",
    dict: "a table",
    list: "a list of strings",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A function that runs under uvicorn instead of in Lambda's runtime.

    ``function`` is its logical id and ``app`` what uvicorn is given. ``name`` is what
    sentences call it, and capitalised its key in ``stack.json``. ``pages`` leads from
    names to paths to be shown at the start, ``inherit`` names variables of the shell
    that it gets, and ``variables`` are more of them, in which ``${FunctionUrls}``
    stands for the origins of all function URLs, separated by commas.
    """

    app: str
    function: str
    health_path: str = "/"
    inherit: tuple[str, ...] = ()
    name: str = "application"
    pages: Mapping[str, str] = field(default_factory=dict)
    reload: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Paths are absolute, or relative to the working directory.

    ``folder`` is where the application and the seed command run. ``function_names`` is
    the beginning of the names of SSM parameters: a function whose URL stands in the
    value of one is called what follows it. ``packages`` is where those of functions are
    installed, for every stack of the project, wherever its state is. ``stacks`` leads
    from the names of stacks beside the project's own to their templates. Of what
    ``build`` has, that is run and not the sources.
    """

    folder: Path = field(default_factory=Path)
    application: Application | None = None
    environment_prefix: str = "EMULATOR_"
    function_names: str | None = None
    packages: Path = Path(".emulator/packages")
    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: tuple[str, ...] = ()
    stacks: Mapping[str, Path] = field(default_factory=dict)
    state: Path = Path(".emulator")
    template: Path = Path("template.yaml")
    build: Build | None = None

    @property
    def runs_as_built(self) -> bool:
        """Whether the application is run as it was built, by its handler."""
        application, build = self.application, self.build
        return bool(application and build and build.has(application.function))

    @property
    def templates(self) -> tuple[Path, ...]:
        """Its own template, and then those of the stacks beside it."""
        return (self.template, *self.stacks.values())

    def variable(self, name: str) -> str:
        """The name of an environment variable that the emulator itself reads."""
        return f"{self.environment_prefix}{name}"


def read_project(path: Path | None) -> Project:
    """Read a project file; without one, that of the working directory, if any.

    Raises ``LaunchError`` for what cannot be read, is unknown or of another type.
    """
    if path is None:
        path = Path(FILE)
        if not path.exists():
            return Project()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise LaunchError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is not TOML: {error}."
        raise LaunchError(msg) from error
    return _project(_Table(f"{path}: ", document, known=_TOP), path.parent)


def _project(table: "_Table", folder: Path) -> Project:
    default = Project()
    names = table.value("function-names", str, "")
    state = folder / table.value("state", str, str(default.state))
    return Project(
        folder=folder,
        application=_application(table),
        environment_prefix=table.value("environment-prefix", str, "EMULATOR_"),
        function_names=names or None,
        parameters=table.strings("parameters"),
        seed=table.words("seed"),
        packages=state / default.packages.name,
        stacks={
            _stack_name(name, f"{table.where}stacks."): folder / template
            for name, template in table.strings("stacks").items()
        },
        state=state,
        template=folder / table.value("template", str, str(default.template)),
    )


def read_stack(text: str) -> tuple[str, Path]:
    """Read ``NAME=FILE`` of the command line. Raises ``LaunchError``."""
    name, _, template = text.partition("=")
    if not template:
        msg = f"--stack: {text!r} is not the name of a stack, = and its template."
        raise LaunchError(msg)
    return _stack_name(name, "--stack: "), Path(template)


def _stack_name(name: str, where: str) -> str:
    if not _STACK_NAME.fullmatch(name):
        msg = (
            f"{where}{name} is not the name of a stack: up to 128 letters, digits and "
            "hyphens, a letter first."
        )
        raise LaunchError(msg)
    return name


def _application(table: "_Table") -> Application | None:
    if "application" not in table.document:
        return None
    inner = _Table(
        f"{table.where}application.",
        table.value("application", dict, {}),
        known=_APPLICATION,
    )
    for name in _NEEDED:
        if name not in inner.document:
            msg = f"{inner.where}{name} is missing."
            raise LaunchError(msg)
    return Application(
        app=inner.value("app", str, ""),
        function=inner.value("function", str, ""),
        health_path=inner.value("health-path", str, "/"),
        inherit=inner.words("inherit"),
        name=inner.value("name", str, "application"),
        pages=inner.strings("pages"),
        reload=inner.words("reload"),
        variables=inner.strings("variables"),
    )


@final
class _Table:
    """A table of the file, whose keys are all known. ``where`` begins a complaint."""

    def __init__(
        self, where: str, document: Mapping[str, Any], *, known: frozenset[str]
    ) -> None:
        self.where = where
        self.document = document
        for name in document.keys() - known:
            msg = f"{where}{name} is unknown; there are {', '.join(sorted(known))}."
            raise LaunchError(msg)

    def value(self, name: str, kind: type[T], default: T) -> T:
        found = self.document.get(name, default)
        if not isinstance(found, kind):
            msg = f"{self.where}{name} is not {_IN_WORDS[kind]}."
            raise LaunchError(msg)
        return found

    def words(self, name: str) -> tuple[str, ...]:
        found = self.value(name, list, [])
        if not all(isinstance(word, str) for word in found):
            msg = f"{self.where}{name} is not {_IN_WORDS[list]}."
            raise LaunchError(msg)
        return tuple(found)

    def strings(self, name: str) -> Mapping[str, str]:
        found = self.value(name, dict, {})
        for key, text in found.items():
            if not isinstance(text, str):
                msg = f"{self.where}{name}.{key} is not {_IN_WORDS[str]}."
                raise LaunchError(msg)
        return found
