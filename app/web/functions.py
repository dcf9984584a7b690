"""``GET /functions``: what you may call."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.domain.catalogue import BodyType, Function, InvokeMode
from app.domain.errors import CatalogueUnavailableError
from app.web.casing import PASCAL_CASE
from app.web.dependencies import (
    CURRENT_USER_FAILURES,
    BearerContext,
)
from app.web.openapi import problems

router = APIRouter(tags=["grants"])


class FunctionResponse(BaseModel):
    """``MaxDurationSeconds`` bounds a grant for it, not how long it may run."""

    model_config = PASCAL_CASE

    name: Annotated[str, Field(examples=["hello"])]
    title: Annotated[str, Field(examples=["Hello"])]
    description: str
    func_url: Annotated[
        str, Field(examples=["https://abcdef.lambda-url.ap-northeast-1.on.aws/"])
    ]
    region: Annotated[str, Field(examples=["ap-northeast-1"])]
    invoke_mode: InvokeMode
    max_duration_seconds: Annotated[int, Field(examples=[3600])]
    example: Annotated[
        str | None,
        Field(description="A body that it takes", examples=['{"name": "world"}']),
    ]
    body_type: Annotated[
        BodyType | None, Field(description="What kind of body it takes")
    ]

    @classmethod
    def of(cls, function: Function) -> Self:
        return cls(
            name=function.name,
            title=function.title,
            description=function.description,
            func_url=function.url,
            region=function.region,
            invoke_mode=function.invoke_mode,
            max_duration_seconds=function.max_duration_seconds,
            example=function.example,
            body_type=function.body_type,
        )


class FunctionsResponse(BaseModel):
    model_config = PASCAL_CASE

    functions: list[FunctionResponse]


@router.get(
    "/functions",
    summary="List the functions you may call",
    responses=problems(*CURRENT_USER_FAILURES, CatalogueUnavailableError),
)
async def functions(context: BearerContext) -> FunctionsResponse:
    """List them by name; those of others are left out."""
    found = await context.run(
        lambda broker: broker.functions(broker.identify(context.bearer))
    )
    return FunctionsResponse(
        functions=[FunctionResponse.of(function) for function in found]
    )
