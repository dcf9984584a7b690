"""The broker as one would write it in an afternoon.

FastAPI, Mangum, python-jose's ``decode``, boto3 clients that stay, a synchronous route,
one GetItem and one AssumeRole, a typed answer. It takes the tokens of the broker.
"""

import os
from datetime import datetime
from typing import Annotated, Any

import boto3
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from mangum import Mangum
from pydantic import BaseModel

from tests.baselines.canned_aws import SECRET

app = FastAPI()
table = boto3.client("dynamodb")
sts = boto3.client("sts")
bearer = OAuth2PasswordBearer(tokenUrl="login")


class GrantRequest(BaseModel):
    FunctionName: str
    DurationSeconds: int = 900


class GrantResponse(BaseModel):
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: datetime
    Region: str


def current_user(token: Annotated[str, Depends(bearer)]) -> dict[str, Any]:
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="aikagi")
    except JWTError as error:
        raise HTTPException(401) from error
    answer = table.get_item(
        TableName="users",
        Key={"pk": {"S": f"principal#local#{claims['sub']}"}},
        ConsistentRead=True,
    )
    if "Item" not in answer:
        raise HTTPException(401)
    return {"name": claims["sub"], **answer["Item"]}


@app.post("/grant")
def grant(
    asked: GrantRequest, user: Annotated[dict[str, Any], Depends(current_user)]
) -> GrantResponse:
    answer = sts.assume_role(
        RoleArn=os.environ["AIKAGI_INVOKE_ROLE_ARN"],
        RoleSessionName=user["name"],
        Tags=[{"Key": "function", "Value": asked.FunctionName}],
        DurationSeconds=asked.DurationSeconds,
    )
    return GrantResponse(**answer["Credentials"], Region=os.environ["AWS_REGION"])


handler = Mangum(app, lifespan="off")
