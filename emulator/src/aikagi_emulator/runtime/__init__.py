"""Runs functions as Lambda does: the real runtime client, one process per call at once.

A ``Pool`` starts ``python -m awslambdaric`` processes for one function and speaks the
Runtime API with them; or, where the template puts the Lambda Web Adapter before it, the
function's web process, and speaks HTTP with that as the adapter does. Processes get the
function's variables and credentials and nothing else, are killed at the timeout, and
end with the launcher however it ends. Memory is not limited.
"""

from aikagi_emulator.runtime.errors import (
    FunctionCrashedError,
    FunctionFailedError,
    FunctionTimedOutError,
    InitFailedError,
    InvocationError,
    PoolClosedError,
    ThrottledError,
)
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.pool import Pool
from aikagi_emulator.runtime.streamed import Streamed

__all__ = [
    "FunctionCrashedError",
    "FunctionFailedError",
    "FunctionSpec",
    "FunctionTimedOutError",
    "InitFailedError",
    "InvocationError",
    "Pool",
    "PoolClosedError",
    "Streamed",
    "ThrottledError",
]
