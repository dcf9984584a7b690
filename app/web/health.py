"""``GET /healthz``: alive. It touches nothing outside, so it proves nothing more."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="See whether the broker is alive")
async def healthz() -> Health:
    """Answer, whatever the state of AWS."""
    return Health()
