"""What a pool must know of a function."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from aikagi_emulator.runtime.site_packages import site_packages
from aikagi_emulator.runtime.web_process import WebProcess

RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Lambda refuses these in a function's configuration.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function of the template.

    ``folder`` holds its code and is its working directory. ``variables`` are the
    template's and may hold anything but Lambda's reserved names, which raise
    ``ValueError``. ``concurrency`` is how many environments it may have at once;
    0 refuses every call, as reserved concurrency 0 does. ``layers`` are ARNs, and
    ``layer_folders`` the contents of those that are on this machine. A function with
    the Lambda Web Adapter's layer runs as its web process does on Lambda. What that
    cannot be raises ``ValueError`` too. ``arn`` has the qualifier that is called.

    ``python`` is the interpreter, whose own environment is all that the function sees
    beside its ``folder``, its ``packages`` and its layers, and ``python_version`` is
    that one's. ``requirements`` is the file that names its packages, or would.
    """

    name: str
    arn: str
    folder: Path
    handler: str
    timeout_seconds: int = 3
    memory_mb: int = 128
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int = 10
    layers: tuple[str, ...] = ()
    layer_folders: tuple[Path, ...] = ()
    version: str = "$LATEST"
    python: Path = Path(sys.executable)
    python_version: tuple[int, int] = sys.version_info[:2]
    packages: Path | None = None
    requirements: Path | None = None

    def __post_init__(self) -> None:
        taken = sorted(RESERVED & self.variables.keys())
        if taken:
            msg = f"{self.name}: Lambda sets {', '.join(taken)}, a template may not"
            raise ValueError(msg)
        WebProcess.of(self.variables, self.layers, self.layer_folders)

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def runtime_folder(self) -> Path:
        """What ``python`` brings: ``/var/runtime`` on Lambda."""
        return site_packages(self.python.parent.parent, self.python_version)

    @property
    def web(self) -> WebProcess | None:
        return WebProcess.of(self.variables, self.layers, self.layer_folders)
