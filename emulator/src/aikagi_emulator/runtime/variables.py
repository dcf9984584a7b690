"""The environment variables of one environment, and nothing else."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.site_packages import site_packages


def environment_variables(
    spec: FunctionSpec, credentials: Mapping[str, str], *, own: Mapping[str, str]
) -> dict[str, str]:
    """Return all variables the process gets. There is no HOME on Lambda.

    ``own`` is what is true of this one environment; only the end of PATH comes from the
    launcher's own. The template may replace PATH, LANG and TZ.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    own = dict(own)
    if folders := _module_folders(spec):
        own["PYTHONPATH"] = os.pathsep.join(folders)
    return {
        "PATH": _path(spec),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **spec.variables,
        **credentials,
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*spec.python_version),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_RUNTIME_DIR": str(spec.runtime_folder),
        "LAMBDA_TASK_ROOT": str(spec.folder),
        **own,
    }


def _module_folders(spec: FunctionSpec) -> list[str]:
    """Return where modules are looked for after the code, and before Python's own.

    On Lambda the function's packages stand beside its code, and layers are merged in
    /opt: sys.path begins with /var/task, /opt/python/lib/python3.13/site-packages and
    /opt/python, and ends with what the runtime brings.
    """
    layers = [folder / "python" for folder in _layers(spec)]
    installed = [site_packages(folder, spec.python_version) for folder in layers]
    theirs = spec.variables.get("PYTHONPATH")
    return [
        *([str(spec.packages)] if spec.packages else []),
        *([theirs] if theirs else []),
        *(str(folder) for folder in installed if folder.is_dir()),
        *map(str, layers),
    ]


def _path(spec: FunctionSpec) -> str:
    """Return a PATH on which ``python`` is the function's, as on Lambda the runtime's.

    Programs of the emulator's own environment are left out: they would see all of it.
    """
    shell = os.environ.get("PATH", os.defpath).split(os.pathsep)
    own = Path(sys.executable).parent if sys.prefix != sys.base_prefix else None
    return os.pathsep.join(
        [
            *(str(folder / "bin") for folder in _layers(spec)),
            str(spec.python.parent),
            *(folder for folder in shell if Path(folder) != own),
        ]
    )


def _layers(spec: FunctionSpec) -> tuple[Path, ...]:
    # The last layer that has a file is the one whose file counts.
    return spec.layer_folders[::-1]
