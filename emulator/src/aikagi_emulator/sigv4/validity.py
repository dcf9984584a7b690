"""Whether a signature is for this service, in this Region, at this time."""

from datetime import datetime, timedelta

from aikagi_emulator.sigv4.claim import TERMINATOR, Claim, CredentialScope
from aikagi_emulator.sigv4.refusal import invalid, quoted
from aikagi_emulator.sigv4.timestamps import basic_format


def check_scope(
    scope: CredentialScope, at: datetime, *, service: str, region: str
) -> None:
    timestamp = basic_format(at)
    if scope.terminator != TERMINATOR:
        raise invalid(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}',"
            f" not {quoted(scope.terminator)}."
        )
    if scope.service != service:
        raise invalid(
            f"Credential should be scoped to correct service: '{service}'.",
            f"it was signed for the service {quoted(scope.service)}, not '{service}'",
        )
    if scope.region != region:
        raise invalid(
            "Credential should be scoped to a valid region.",
            f"it was signed for the Region {quoted(scope.region)}, not '{region}'",
        )
    if scope.day != timestamp[:8]:
        raise invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version"
            f" of date from HTTP: {quoted(scope.day)} != '{timestamp[:8]}',"
            f" from '{timestamp}'."
        )


def check_time(claim: Claim, *, now: datetime, tolerance: timedelta) -> None:
    """Neither too early nor too late, the last moment included."""
    signed, minutes = basic_format(claim.at), f"{tolerance.total_seconds() / 60:g} min."
    if claim.at - now > tolerance:
        raise invalid(
            f"Signature not yet current: {signed} is still later than"
            f" {basic_format(now + tolerance)} ({basic_format(now)} + {minutes})"
        )
    age = now - claim.at
    if claim.lifetime is None and age > tolerance:
        raise invalid(
            f"Signature expired: {signed} is now earlier than"
            f" {basic_format(now - tolerance)} ({basic_format(now)} - {minutes})"
        )
    if claim.lifetime is not None and age > claim.lifetime:
        raise invalid(
            f"Signature expired: {signed} is now earlier than"
            f" {basic_format(now - claim.lifetime)} ({basic_format(now)} -"
            f" {claim.lifetime.total_seconds():.0f} sec.)"
        )
