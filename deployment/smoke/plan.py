"""All checks, in the order in which they are made."""

from typing import Final

from deployment.smoke.calls import CALL_CHECKS
from deployment.smoke.functions import FUNCTION_CHECKS
from deployment.smoke.logins import LOGIN_CHECKS
from deployment.smoke.pages import PAGE_CHECKS
from deployment.smoke.records import RECORD_CHECKS
from deployment.smoke.roles import ROLE_CHECKS
from deployment.smoke.stored import STORED_CHECKS
from deployment.smoke.way import WAY_CHECKS

CHECKS: Final = (
    *LOGIN_CHECKS,
    *WAY_CHECKS,
    *CALL_CHECKS,
    *PAGE_CHECKS,
    *FUNCTION_CHECKS,
    *ROLE_CHECKS,
    *STORED_CHECKS,
    *RECORD_CHECKS,
)
