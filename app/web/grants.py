"""``POST /grant``: trade an access token for credentials to call one function."""

import json
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Body
from fastapi.openapi.models import Example
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StrictBool,
)
from pydantic.alias_generators import to_pascal

from app.domain.catalogue import InvokeMode
from app.domain.credentials import Grant
from app.domain.errors import (
    AuditUnavailableError,
    CatalogueUnavailableError,
    DurationOutOfRangeError,
    FunctionNotAvailableError,
    FunctionNotNamedError,
    GrantLimitedError,
    ProblemError,
    SessionsUnavailableError,
)
from app.domain.session import (
    LONGEST,
    SHORTEST,
    USUAL,
    DurationRule,
    SessionPlan,
    SessionRequest,
)
from app.web.bodies import UNREADABLE, JsonRoute
from app.web.casing import PASCAL_CASE
from app.web.dependencies import (
    CURRENT_USER_FAILURES,
    BearerContext,
)
from app.web.openapi import problems

router = APIRouter(tags=["grants"], route_class=JsonRoute)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


DURATION_RANGE: Final[dict[str, JsonValue]] = {
    "minimum": _seconds(SHORTEST),
    "maximum": _seconds(LONGEST),
}
"""Described only: the domain checks it, with the function's own limit, in one place."""

# Always with a Z: the SDKs for JavaScript stumble over +00:00.
ToTheSecond = Annotated[
    datetime, PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z")
]
ToTheMillisecond = Annotated[
    datetime,
    PlainSerializer(
        lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    ),
]


class GrantRequest(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_pascal, extra="forbid", strict=True, frozen=True
    )

    function_name: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=63,
            description="May be left out where you may call only one function",
            examples=["hello"],
        ),
    ] = None
    duration_seconds: Annotated[
        int,
        Field(
            description="Refused where out of range, never bent. Where it is left out, "
            "a quarter of an hour, or as long as there can be where that is less",
            json_schema_extra=DURATION_RANGE,
        ),
    ] = _seconds(USUAL)
    refused_access_key_id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=128,
            description="Of credentials that the function URL has refused: others are "
            "given, where their session would have been handed out again",
        ),
    ] = None
    dry_run: Annotated[
        StrictBool, Field(description="Tell what would be granted, and grant nothing")
    ] = False

    def to_session_request(self) -> SessionRequest:
        is_given = "duration_seconds" in self.model_fields_set
        return SessionRequest(
            function_name=self.function_name,
            refused_access_key_id=self.refused_access_key_id,
            duration_seconds=self.duration_seconds if is_given else None,
            default_duration=USUAL,
        )


class GrantResponse(BaseModel):
    """One shape for the page, for ``credential_process`` and for AWS's SDKs."""

    model_config = PASCAL_CASE

    version: Literal[1] = 1
    function_name: Annotated[str, Field(examples=["hello"])]
    func_url: Annotated[
        str, Field(examples=["https://abcdef.lambda-url.ap-northeast-1.on.aws/"])
    ]
    region: Annotated[str, Field(examples=["ap-northeast-1"])]
    invoke_mode: InvokeMode
    access_key_id: Annotated[str, Field(examples=["ASIAIOSFODNN7EXAMPLE"])]
    secret_access_key: str
    session_token: str
    token: Annotated[
        str, Field(description="SessionToken, as the container protocol calls it")
    ]
    expiration: Annotated[ToTheSecond, Field(examples=["2026-11-22T12:34:56Z"])]
    server_time: Annotated[
        ToTheMillisecond,
        Field(
            description="The broker's clock, to sign by",
            examples=["2026-11-22T12:04:56.123Z"],
        ),
    ]
    grant_id: Annotated[
        str,
        Field(
            description="Of this grant, as in the broker's log",
            examples=["0d9f1b7c4e6a4f5a9b1c2d3e4f506172"],
        ),
    ]
    session_grant_id: Annotated[
        str,
        Field(
            description="Of the grant that the session began with, by which it can be "
            "revoked; another than GrantId where a session is reused",
            examples=["0d9f1b7c4e6a4f5a9b1c2d3e4f506172"],
        ),
    ]

    @classmethod
    def reveal(cls, grant: Grant) -> Self:
        """Write the secrets out. Nothing else in the broker does."""
        function, credentials = grant.plan.function, grant.credentials
        return cls(
            function_name=function.name,
            func_url=function.url,
            region=function.region,
            invoke_mode=function.invoke_mode,
            access_key_id=credentials.access_key_id,
            secret_access_key=credentials.secret_access_key,
            session_token=credentials.session_token,
            token=credentials.session_token,
            expiration=credentials.expires_at,
            server_time=grant.granted_at,
            grant_id=grant.plan.grant_id,
            session_grant_id=credentials.grant_id,
        )


class DryRunResponse(BaseModel):
    """What the grant would be. It holds no credentials, and AWS was not asked."""

    model_config = PASCAL_CASE

    dry_run: Literal[True] = True
    function_name: Annotated[str, Field(examples=["hello"])]
    func_url: str
    region: str
    invoke_mode: InvokeMode
    duration_seconds: Annotated[int, Field(examples=[900])]
    session_name: Annotated[str, Field(examples=["local+alice"])]
    tags: Annotated[
        dict[str, str],
        Field(description="Those called claim.… as far as AWS has room for them"),
    ]
    groups: Annotated[
        list[str],
        Field(description="Those of yours that let you in", examples=[["everyone"]]),
    ]
    duration_rule: Annotated[
        DurationRule,
        Field(
            description="What the duration follows from: the request, the default, the "
            "function's longest, AWS's longest (role-chaining) or the end of the login"
        ),
    ]
    max_duration_seconds: Annotated[
        int, Field(description="What could be had at this moment", examples=[3600])
    ]
    policy: Annotated[
        dict[str, JsonValue], Field(description="The session policy, as AWS gets it")
    ]

    @classmethod
    def of(cls, plan: SessionPlan) -> Self:
        return cls(
            function_name=plan.function.name,
            func_url=plan.function.url,
            region=plan.function.region,
            invoke_mode=plan.function.invoke_mode,
            duration_seconds=_seconds(plan.duration),
            session_name=plan.name,
            tags={**plan.tags, **dict(plan.claim_tags)},
            groups=sorted(plan.groups),
            duration_rule=plan.duration_rule,
            max_duration_seconds=_seconds(plan.longest),
            policy=json.loads(plan.policy),
        )


GRANT_FAILURES: Final[tuple[type[ProblemError], ...]] = (
    *CURRENT_USER_FAILURES,
    FunctionNotAvailableError,
    DurationOutOfRangeError,
    GrantLimitedError,
    SessionsUnavailableError,
    CatalogueUnavailableError,
    AuditUnavailableError,
)
"""How a grant of a named function may fail, whatever format the answer has."""

_EXAMPLES: Final[dict[str, Example]] = {
    "hello": {"summary": "A quarter of an hour", "value": {"FunctionName": "hello"}},
    "longer": {
        "summary": "An hour, the longest",
        "value": {"FunctionName": "hello", "DurationSeconds": 3600},
    },
    "short": {
        "summary": "Half a minute",
        "value": {"FunctionName": "hello", "DurationSeconds": 30},
    },
    "dry run": {
        "summary": "What would be granted",
        "value": {"FunctionName": "hello", "DryRun": True},
    },
}


@router.post(
    "/grant",
    summary="Get credentials for one function",
    responses=problems(*GRANT_FAILURES, FunctionNotNamedError, unreadable=UNREADABLE),
)
async def grant(
    context: BearerContext,
    wanted: Annotated[GrantRequest | None, Body(openapi_examples=_EXAMPLES)] = None,
) -> GrantResponse | DryRunResponse:
    """Issue short-lived AWS credentials that can call one function URL, as you."""
    wanted = wanted or GrantRequest()
    asked = wanted.to_session_request()
    if wanted.dry_run:
        plan = await context.run(
            lambda broker: broker.dry_run(context.bearer, asked, context.source)
        )
        return DryRunResponse.of(plan)
    granted = await context.run(
        lambda broker: broker.grant(context.bearer, asked, context.source)
    )
    return GrantResponse.reveal(granted)
