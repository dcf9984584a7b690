"""The environment variables of one environment, and nothing else."""

import os
import sys
from collections.abc import Mapping

from aikagi_emulator.runtime.function import FunctionSpec


def environment_variables(
    spec: FunctionSpec,
    credentials: Mapping[str, str],
    *,
    own: Mapping[str, str],
    path: str,
) -> dict[str, str]:
    """Return all variables the process gets. There is no HOME on Lambda.

    ``own`` is what is true of this one environment; ``path`` is the one thing that
    comes from the launcher's own. The template may replace PATH, LANG and TZ.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    # The last layer that has a file is the one whose file counts.
    layers = spec.layer_folders[::-1]
    paths = [str(folder / "python") for folder in layers]
    own = dict(own)
    if layers:
        # On Lambda they are merged in /opt, whose python and bin are looked through.
        path = os.pathsep.join([*(str(folder / "bin") for folder in layers), path])
        theirs = spec.variables.get("PYTHONPATH")
        own["PYTHONPATH"] = os.pathsep.join([*([theirs] if theirs else []), *paths])
    return {
        "PATH": path,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **spec.variables,
        **credentials,
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info[:2]),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": str(spec.folder),
        **own,
    }
