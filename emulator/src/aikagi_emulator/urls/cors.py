"""CORS as function URLs and HTTP APIs do it: from the configuration, before all else.

https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, final

Headers = tuple[tuple[str, str], ...]

_MOST_METHODS: Final = 6
_LONGEST_METHOD: Final = 6
_LONGEST_AGE: Final = 86_400


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """What a function URL, or an HTTP API, says of CORS. ``max_age`` is in seconds.

    Where ``any_host_of_a_scheme``, the origin ``https://*`` allows all of that scheme.

    Raises:
        ValueError: AWS would refuse the configuration.
    """

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None
    any_host_of_a_scheme: bool = False

    def __post_init__(self) -> None:
        if self.max_age is not None and not 0 <= self.max_age <= _LONGEST_AGE:
            msg = "Cors: MaxAge is between 0 and 86400 seconds"
            raise ValueError(msg)
        if "" in self.allow_origins:
            msg = "Cors: an entry of AllowOrigins is empty"
            raise ValueError(msg)

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Read the ``Cors`` of an ``AWS::Lambda::Url``."""
        cors = cls(**_read(properties))
        if len(cors.allow_methods) > _MOST_METHODS or any(
            len(method) > _LONGEST_METHOD for method in cors.allow_methods
        ):
            # OPTIONS has seven letters: it is answered always, and never listed.
            msg = "Cors: AllowMethods has at most 6 entries of at most 6 characters"
            raise ValueError(msg)
        return cors

    @classmethod
    def of_http_api(cls, properties: Mapping[str, Any]) -> Self:
        """Read the ``CorsConfiguration`` of an HTTP API.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
        """
        cors = cls(**_read(properties), any_host_of_a_scheme=True)
        if cors.allow_credentials and "*" in cors.allow_origins:
            msg = "Cors: AllowCredentials does not go with the origin *"
            raise ValueError(msg)
        return cors

    def headers(self, origin: str | None) -> Headers:
        """Return what every answer to ``origin`` carries, a refusal too."""
        allowed = self._allowed(origin)
        if allowed is None:
            return (("vary", "Origin"),)
        headers = [("vary", "Origin"), ("access-control-allow-origin", allowed)]
        if self.allow_credentials:
            headers.append(("access-control-allow-credentials", "true"))
        if self.expose_headers:
            exposed = ",".join(self.expose_headers)
            headers.append(("access-control-expose-headers", exposed))
        return tuple(headers)

    def preflight_headers(self, origin: str) -> Headers:
        """Return what the answer to a preflight says on top of ``headers``."""
        if self._allowed(origin) is None:
            return ()
        headers = [
            ("access-control-allow-methods", ",".join(self.allow_methods)),
            ("access-control-allow-headers", ",".join(self.allow_headers)),
        ]
        if self.max_age is not None:
            headers.append(("access-control-max-age", str(self.max_age)))
        return tuple((name, value) for name, value in headers if value)

    def _allowed(self, origin: str | None) -> str | None:
        if origin is None:
            return None
        if origin in self.allow_origins or self._has_scheme_of(origin):
            return origin
        if "*" not in self.allow_origins:
            return None
        # As on AWS: with credentials the asterisk reflects any origin whatever.
        return origin if self.allow_credentials else "*"

    def _has_scheme_of(self, origin: str) -> bool:
        scheme, separator, _ = origin.partition("://")
        allowed = f"{scheme}{separator}*" in self.allow_origins
        return self.any_host_of_a_scheme and bool(separator) and allowed


def _read(properties: Mapping[str, Any]) -> dict[str, Any]:
    unknown = properties.keys() - _PROPERTIES
    if unknown:
        msg = f"Cors: there is no property {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    return {
        "allow_origins": _texts(properties, "AllowOrigins"),
        "allow_methods": _texts(properties, "AllowMethods"),
        "allow_headers": _texts(properties, "AllowHeaders"),
        "expose_headers": _texts(properties, "ExposeHeaders"),
        "allow_credentials": properties.get("AllowCredentials") in (True, "true"),
        "max_age": int(properties["MaxAge"]) if "MaxAge" in properties else None,
    }


def _texts(properties: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = properties.get(name, [])
    if not isinstance(values, list):
        msg = f"Cors: {name} is a list"
        raise ValueError(msg)  # noqa: TRY004  # the template is wrong, not the program
    return tuple(str(value) for value in values)


_PROPERTIES: Final = {
    "AllowCredentials",
    "AllowHeaders",
    "AllowMethods",
    "AllowOrigins",
    "ExposeHeaders",
    "MaxAge",
}
