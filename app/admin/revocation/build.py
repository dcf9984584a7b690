"""Make a revoker, with the credentials and the Region of the environment."""

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, final

import boto3

from app.adapters import aws, table
from app.adapters.table import Table
from app.admin.catalogue_groups import connect as connect_to_parameters
from app.admin.places import RevocationPlaces
from app.admin.revocation import policy, proof
from app.admin.revocation.journal import Journal
from app.admin.revocation.policy import RevocationPolicy
from app.admin.revocation.proof import (
    Proof,
    ProofError,
    ProofFunction,
    functions_in_catalogue,
)
from app.admin.revocation.revoker import Revoker
from app.admin.revocation.server_clock import ServerClock

_SESSION_NAME: Final = "revoke"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """``proof`` calls the function of that name, or a default one for None.

    ``operator`` asks STS for the ARN of whoever types the command.
    """

    operator: Callable[[], str]
    revoker: Revoker
    proof: Callable[[str | None], Proof]


def build_revoker(
    places: RevocationPlaces,
    *,
    local_function_urls: Collection[str],
    report: Callable[[str], None],
) -> Built:
    """Raises what botocore raises where the role cannot be assumed."""
    own = aws.new_session()
    session = own if places.role_arn is None else _assumed(own, places.role_arn)
    client = table.connect(session)
    revoker = Revoker(
        Journal(Table(client, name=places.table), new_id=_new_id),
        RevocationPolicy(policy.connect(session), arn=places.policy_arn),
        clock=ServerClock(client),
        monotonic=time.monotonic,
        sleep=time.sleep,
        report=report,
    )

    def prove(function_name: str | None) -> Proof:
        return Proof(
            proof.connect(session),
            role_arn=places.invoke_role_arn or "",
            choose=lambda: _function(
                session, places, function_name, local_function_urls
            ),
            new_id=_new_id,
            monotonic=time.monotonic,
            sleep=time.sleep,
        )

    return Built(
        operator=lambda: proof.connect(own).get_caller_identity()["Arn"],
        revoker=revoker,
        proof=prove,
    )


def _assumed(own: boto3.session.Session, role_arn: str) -> boto3.session.Session:
    assumed = proof.connect(own).assume_role(
        RoleArn=role_arn, RoleSessionName=_SESSION_NAME
    )["Credentials"]
    return boto3.session.Session(
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
        region_name=own.region_name,
    )


def _function(
    session: boto3.session.Session,
    places: RevocationPlaces,
    name: str | None,
    local: Collection[str],
) -> ProofFunction:
    if not (places.invoke_role_arn and places.catalogue_path):
        raise ProofError(
            "Name the role whose sessions call functions, and the path of the "
            "catalogue: --invoke-role and --catalogue."
        )
    functions = functions_in_catalogue(
        connect_to_parameters(session),
        places.catalogue_path,
        invoke_role_arn=places.invoke_role_arn,
        local=local,
    )
    for function in functions:
        if name in {None, function.name}:
            return function
    raise ProofError(
        "The catalogue has no function that could be called."
        if name is None
        else f"The catalogue has no function {name} that could be called."
    )


def _new_id() -> str:
    return uuid.uuid4().hex
