"""The operator's side: the stack, as CloudFormation and its catalogue describe it."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, final

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from app.adapters import aws
from deployment.smoke.outcomes import NotTriedError, is_denied

_SESSION_NAME: Final = "smoke"


@final
class Account:
    """Each may raise what botocore raises."""

    def __init__(self, session: boto3.session.Session, *, stack: str) -> None:
        self._session = session
        self._stack = stack

    @property
    def region(self) -> str | None:
        return self._session.region_name

    @cached_property
    def status(self) -> str:
        return str(self._description["StackStatus"])

    @property
    def stack_name(self) -> str:
        return str(self._description["StackName"])

    def output(self, name: str) -> str:
        """Raises ``NotTriedError`` of one that the stack has not."""
        for output in self._description.get("Outputs", ()):
            if output["OutputKey"] == name:
                return str(output["OutputValue"])
        raise NotTriedError(f"needs the stack's output {name}: deploy this version")

    def parameter(self, name: str) -> str:
        """Give a parameter's value, and nothing for one that the stack has not."""
        for parameter in self._description.get("Parameters", ()):
            if parameter["ParameterKey"] == name:
                return str(parameter.get("ParameterValue", ""))
        return ""

    def physical_id(self, logical_id: str) -> str:
        answer = self.client("cloudformation").describe_stack_resource(
            StackName=self._stack, LogicalResourceId=logical_id
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def client(self, service: str) -> Any:  # noqa: ANN401 - clients are made at run time
        return _client(self._session, service)

    @cached_property
    def catalogue(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries by their functions' names; one that is no object is empty."""
        return self._entries(self.output("CataloguePath"))

    @cached_property
    def issuers(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries by their issuers' aliases; one that is no object is empty."""
        return self._entries(self.output("IssuersPath"))

    def signed_headers(self, url: str, region: str) -> dict[str, str]:
        """Sign a GET of a function's URL as the operator. Raises ``NotTriedError``."""
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NotTriedError("needs AWS credentials")
        request = AWSRequest("GET", url)
        frozen = credentials.get_frozen_credentials()
        SigV4Auth(frozen, "lambda", region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    @cached_property
    def revoking(self) -> boto3.session.Session:
        """A session of ``RevocationRole``, which tries what nobody else may.

        Raises ``NotTriedError`` where the operator may not assume it.
        """
        try:
            assumed = self.client("sts").assume_role(
                RoleArn=self.output("RevocationRoleArn"),
                RoleSessionName=_SESSION_NAME,
            )["Credentials"]
        except ClientError as error:
            if is_denied(error):
                raise NotTriedError("needs sts:AssumeRole on RevocationRole") from error
            raise
        return boto3.session.Session(
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
            region_name=self._session.region_name,
        )

    def revoking_client(self, service: str) -> Any:  # noqa: ANN401 - clients are made at run time
        return _client(self.revoking, service)

    def _entries(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        pages = (
            self.client("ssm")
            .get_paginator("get_parameters_by_path")
            .paginate(Path=path)
        )
        return {
            parameter["Name"].rpartition("/")[2]: _object(parameter["Value"])
            for page in pages
            for parameter in page["Parameters"]
        }

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        answer = self.client("cloudformation").describe_stacks(StackName=self._stack)
        description: Mapping[str, Any] = answer["Stacks"][0]
        return description


def _client(session: boto3.session.Session, service: str) -> Any:  # noqa: ANN401 - clients are made at run time
    return session.client(service, config=aws.IMPATIENT)  # type: ignore[call-overload] # chosen at run time


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
