"""The signing secret in a Secrets Manager that works."""

import json
from collections.abc import Mapping
from typing import Any, Final, final

from aikagi_emulator.aws.moto_store import MotoStore
from tests.scripted_aws import Answer, Request

NAME: Final = "signing"


@final
class WorkingSecret:
    """Versions and stages are Secrets Manager's own; permissions are not asked."""

    def __init__(self, text: str) -> None:
        # An account of its own: stores of one account and Region share their data.
        self._store = MotoStore(account="333333333333", region="eu-west-1")
        self._do("CreateSecret", {"Name": NAME, "SecretString": text})
        self.readings = 0

    def answer(self, request: Request) -> Answer:
        """Do what an SDK asks for."""
        self.readings += request.target == "GetSecretValue"
        return self._call(request.target, json.loads(request.body))

    @property
    def text(self) -> str:
        return str(self._do("GetSecretValue", {"SecretId": NAME})["SecretString"])

    def put(self, text: str) -> None:
        self._do("PutSecretValue", {"SecretId": NAME, "SecretString": text})

    def _do(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._call(action, body)
        assert answer.status == 200, answer.body
        answered: dict[str, Any] = json.loads(answer.body)
        return answered

    def _call(self, action: str, body: Mapping[str, Any]) -> Answer:
        answered = self._store.call("secretsmanager", f"secretsmanager.{action}", body)
        return Answer(
            status=answered.status,
            body=answered.body,
            headers={"Content-Type": answered.content_type, **dict(answered.headers)},
        )
