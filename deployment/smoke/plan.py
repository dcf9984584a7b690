"""All steps, in the order in which they are taken."""

from typing import Final

from deployment.smoke.calls import CALL_STEPS
from deployment.smoke.functions import FUNCTION_STEPS
from deployment.smoke.logins import LOGIN_STEPS
from deployment.smoke.pages import PAGE_STEPS
from deployment.smoke.records import RECORD_STEPS
from deployment.smoke.roles import ROLE_STEPS
from deployment.smoke.stored import STORED_STEPS
from deployment.smoke.way import WAY_STEPS

STEPS: Final = (
    *LOGIN_STEPS,
    *WAY_STEPS,
    *CALL_STEPS,
    *PAGE_STEPS,
    *FUNCTION_STEPS,
    *ROLE_STEPS,
    *STORED_STEPS,
    *RECORD_STEPS,
)
