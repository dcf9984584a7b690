"""What the template says about a function URL."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, final
from urllib.parse import urlsplit

from aikagi_emulator.urls.cors import Cors

_AUTH_TYPES: Final = ("AWS_IAM", "NONE")
_INVOKE_MODES: Final = ("BUFFERED", "RESPONSE_STREAM")


class UrlError(ValueError):
    """The template asks for a function URL that AWS, or this stack, would refuse."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSettings:
    """One ``AWS::Lambda::Url``. ``url`` is where this stack answers for it.

    Raises:
        UrlError: an unknown value, or one that is not modelled yet.
    """

    function_arn: str
    url: str
    auth_type: str
    invoke_mode: str = "BUFFERED"
    cors: Cors | None = None

    def __post_init__(self) -> None:
        if self.auth_type not in _AUTH_TYPES:
            msg = f"{self.function_arn}: AuthType is one of {', '.join(_AUTH_TYPES)}"
            raise UrlError(msg)
        if self.invoke_mode not in _INVOKE_MODES:
            msg = f"{self.function_arn}: no InvokeMode is called {self.invoke_mode!r}"
            raise UrlError(msg)

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any], *, url: str) -> Self:
        """Read the resolved properties of an ``AWS::Lambda::Url``."""
        unknown = properties.keys() - _PROPERTIES
        if unknown:
            msg = f"AWS::Lambda::Url: {', '.join(sorted(unknown))} is not modelled"
            raise UrlError(msg)
        try:
            return cls(
                function_arn=properties["TargetFunctionArn"],
                url=url,
                auth_type=properties["AuthType"],
                invoke_mode=properties.get("InvokeMode", "BUFFERED"),
                cors=_cors(properties.get("Cors")),
            )
        except KeyError as error:
            msg = f"AWS::Lambda::Url: {error.args[0]} is missing"
            raise UrlError(msg) from error

    @property
    def streams(self) -> bool:
        return self.invoke_mode == "RESPONSE_STREAM"

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":")[6]

    @property
    def account_id(self) -> str:
        return self.function_arn.split(":")[4]

    @property
    def url_id(self) -> str:
        """What the first label of the host is on AWS: 32 letters and digits."""
        return hashlib.sha256(self.function_arn.encode()).hexdigest()[:32]

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or {"http": 80, "https": 443}[parts.scheme]


def _cors(properties: Mapping[str, Any] | None) -> Cors | None:
    if properties is None:
        return None
    try:
        return Cors.from_properties(properties)
    except ValueError as error:
        raise UrlError(str(error)) from error


_PROPERTIES: Final = {
    "AuthType",
    "Cors",
    "InvokeMode",
    "Qualifier",
    "TargetFunctionArn",
}
