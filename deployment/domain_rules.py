"""What the parameters of a domain name ask of each other.

The template cannot say it: SAM's schema of templates has no section ``Rules``.
"""

from collections.abc import Mapping
from typing import Final

from deployment.errors import UsageError

_NEEDS: Final = (
    (
        "DomainName",
        "CertificateArn",
        "the certificate for it, of AWS Certificate Manager in the Region of the stack",
    ),
    ("CertificateArn", "DomainName", "the domain name that it is for"),
    ("HostedZoneId", "DomainName", "the domain name that is in the zone"),
)


def check_domain(values: Mapping[str, str], *, region: str) -> None:
    """Check the values that the stack will have. Raises ``UsageError``."""
    for name, needed, what in _NEEDS:
        if values.get(name) and not values.get(needed):
            raise UsageError(f"{name} needs {needed}, {what}.")
    if values.get("DisableExecuteApiEndpoint") == "true" and not values.get(
        "DomainName"
    ):
        raise UsageError(
            "DisableExecuteApiEndpoint needs DomainName: without one the address that "
            "API Gateway gives is the only way to the broker."
        )
    certificate = values.get("CertificateArn") or ""
    if certificate and certificate.split(":")[3] != region:
        raise UsageError(
            f"CertificateArn is a certificate in {certificate.split(':')[3]}, and the "
            f"stack is in {region}: a domain name of API Gateway takes one of its own "
            "Region. Request it there, in AWS Certificate Manager."
        )
