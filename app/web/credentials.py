"""``GET /credentials/{function}``: the container-credentials protocol of AWS's SDKs.

With ``AWS_CONTAINER_CREDENTIALS_FULL_URI`` set to it any SDK fetches and renews its
credentials here by itself (AWS SDKs and Tools Reference Guide, "Container credential
provider"). An SDK wants exactly 200, or shows what is in ``Code`` and ``Message``.
"""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal
from typing_extensions import override

from app.domain.errors import ProblemError, TokenRejectedError
from app.domain.session import SessionRequest
from app.web.casing import PASCAL_CASE
from app.web.dependencies import SdkBearerContext
from app.web.grants import DURATION_RANGE, GRANT_FAILURES, GrantResponse
from app.web.problems import STATUS, headers_of

_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,20}")


def _whole_number(text: object) -> object:
    """Take decimal digits, where pydantic would take ``900.0``, ``1_000`` and more."""
    if not isinstance(text, str) or not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError("not a whole number")
    return int(text)


class ContainerError(BaseModel):
    """What SDKs show of a failure."""

    model_config = PASCAL_CASE

    code: Annotated[str, Field(examples=["TokenRejected"])]
    message: Annotated[str, Field(examples=[TokenRejectedError.title])]


class CredentialsQuery(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="forbid", frozen=True)

    # boto3 renews a quarter of an hour before the end: for a shorter grant than the
    # longest it would ask again at every use.
    duration_seconds: Annotated[
        int | None,
        BeforeValidator(_whole_number),
        Field(
            description="The longest that the function allows, where it is left out. "
            "Refused where out of range, never bent",
            json_schema_extra=DURATION_RANGE,
        ),
    ] = None


class ContainerRoute(APIRoute):
    """A route whose failures are what SDKs read, not problem documents."""

    @override
    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except ProblemError as error:
                return _respond(
                    STATUS[type(error)],
                    _code_of(type(error)),
                    str(error) or error.title,
                    headers_of(error),
                )
            except (RequestValidationError, HTTPException):
                sentence = "Only DurationSeconds can be asked for, a whole number"
                return _respond(400, "InvalidRequest", sentence, {})

        return answer


router = APIRouter(tags=["grants"], route_class=ContainerRoute)


def _failures(*expected: type[ProblemError]) -> dict[int | str, dict[str, Any]]:
    documented: dict[int | str, dict[str, Any]] = {
        400: {"model": ContainerError, "description": "Bad Request"}
    }
    for error in expected:
        status = STATUS[error]
        documented[status.value] = {
            "model": ContainerError,
            "description": status.phrase,
        }
    return documented


@router.get(
    "/credentials/{function_name}",
    summary="Get credentials as AWS's SDKs ask for them",
    responses=_failures(*GRANT_FAILURES),
)
async def credentials(
    function_name: str,
    context: SdkBearerContext,
    asked: Annotated[CredentialsQuery, Query()],
) -> GrantResponse:
    """Issue what ``POST /grant`` issues, for as long as the function allows.

    The token may also stand in the header bare: SDKs send a token file as it is.
    """
    wanted = SessionRequest(
        function_name=function_name, duration_seconds=asked.duration_seconds
    )
    grant = await context.run(
        lambda broker: broker.grant(context.bearer, wanted, context.source)
    )
    return GrantResponse.reveal(grant)


def _code_of(error: type[ProblemError]) -> str:
    return error.__name__.removesuffix("Error")


def _respond(
    status: int, code: str, message: str, headers: Mapping[str, str]
) -> Response:
    failure = ContainerError(code=code, message=message)
    return Response(
        failure.model_dump_json(by_alias=True),
        status_code=status,
        headers=dict(headers),
        media_type="application/json",
    )
