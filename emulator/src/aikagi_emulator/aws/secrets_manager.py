"""Secrets Manager: the template's secrets, under the template's ARNs."""

import json
import secrets
import string
from collections.abc import Mapping
from typing import Any, Final, final

from aikagi_emulator.aws.errors import not_modelled
from aikagi_emulator.aws.json_protocol import Body, Need, Plan, text_member
from aikagi_emulator.aws.moto_store import MotoStore
from aikagi_emulator.aws.snapshot import Snapshot
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.template import Resource, Stack, TemplateError

_ON_A_SECRET: Final = frozenset(
    {
        "DescribeSecret",
        "GetSecretValue",
        "ListSecretVersionIds",
        "PutSecretValue",
        "UpdateSecretVersionStage",
    }
)
_SUFFIX: Final = 7
"""A hyphen and six characters that AWS adds to a secret's name in its ARN."""


@final
class SecretsManager:
    """Satisfies ``json_protocol.Operations``.

    Raises ``TemplateError`` for a secret that cannot be made.
    """

    name = "secretsmanager"
    target = "secretsmanager"
    content_type = "application/x-amz-json-1.1"

    def __init__(
        self, stack: Stack, *, store: MotoStore, snapshot: Snapshot | None = None
    ) -> None:
        self._prefix = f"arn:aws:secretsmanager:{stack.region}:{stack.account}:secret:"
        self._store = store
        self._arns: dict[str, str] = {}
        for secret in stack.of_type("AWS::SecretsManager::Secret"):
            self._create(secret, (snapshot or Snapshot()).secrets)

    def plan(self, action: str, body: Body) -> Plan:
        if action == "ListSecrets":
            need = Need(action="secretsmanager:ListSecrets", resource="*")
            return Plan(needs=[need], body=body)
        if action not in _ON_A_SECRET:
            raise not_modelled(f"secretsmanager:{action}")
        arn = self._arn(text_member(body, "SecretId"))
        need = Need(action=f"secretsmanager:{action}", resource=arn)
        return Plan(needs=[need], body={**body, "SecretId": arn})

    def carry_out(self, action: str, body: Body) -> Answer:
        return self._store.call(self.name, f"{self.target}.{action}", body)

    def _arn(self, secret_id: str) -> str:
        """A secret may be named by its name, its ARN, or that without the suffix."""
        name = secret_id.removeprefix(self._prefix)
        return self._arns.get(name, self._prefix + name)

    def snapshot(self) -> Mapping[str, str]:
        """The texts of the secrets that have one."""
        answers = {
            arn: self.carry_out("GetSecretValue", {"SecretId": arn})
            for arn in self._arns.values()
        }
        found = {arn: json.loads(answer.body) for arn, answer in answers.items()}
        return {
            arn: secret["SecretString"]
            for arn, secret in found.items()
            if "SecretString" in secret
        }

    def _create(self, secret: Resource, earlier: Mapping[str, str]) -> None:
        arn, properties = secret.ref, secret.properties
        name = arn.removeprefix(self._prefix)[:-_SUFFIX]
        try:
            value = secret_string(properties)
            if "SecretString" not in properties:
                value = earlier.get(arn, value)
        except ValueError as error:
            msg = f"{secret.logical_id}: {error}"
            raise TemplateError(msg) from error
        body = {"Name": name, "Description": properties.get("Description", "")}
        if value is not None:
            body["SecretString"] = value
        answer = self.carry_out("CreateSecret", body)
        if answer.status != 200:  # noqa: PLR2004 - the only success there is
            msg = f"{secret.logical_id} cannot be made: {answer.body.decode()}"
            raise TemplateError(msg)
        # moto draws a suffix of its own; what Ref gave to the policies must hold.
        self._store.backend(self.name).secrets[name].arn = arn
        self._arns[name] = arn


def secret_string(properties: Mapping[str, Any]) -> str | None:
    """The value a new secret has; None where the template gives it none.

    Raises ``ValueError`` where it asks for what cannot be made.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html
    """
    if "SecretString" in properties:
        return str(properties["SecretString"])
    wanted = properties.get("GenerateSecretString")
    if wanted is None:
        return None
    password = _password(wanted)
    key, template = wanted.get("GenerateStringKey"), wanted.get("SecretStringTemplate")
    if key is None or template is None:
        return password
    return json.dumps({**json.loads(template), key: password})


def _password(wanted: Mapping[str, Any]) -> str:
    kinds = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": string.punctuation,
    }
    banned = str(wanted.get("ExcludeCharacters", ""))
    allowed = [
        [character for character in characters if character not in banned]
        for exclude, characters in kinds.items()
        if not _true(wanted.get(exclude, False))
    ]
    allowed = [characters for characters in allowed if characters]
    if _true(wanted.get("IncludeSpace", False)):
        allowed.append([" "])
    each = _true(wanted.get("RequireEachIncludedType", True))
    start = [secrets.choice(characters) for characters in allowed] if each else []
    every = [character for characters in allowed for character in characters]
    if not every:
        msg = "GenerateSecretString excludes every character"
        raise ValueError(msg)
    length = int(wanted.get("PasswordLength", 32))
    rest = [secrets.choice(every) for _ in range(length - len(start))]
    password = start + rest
    secrets.SystemRandom().shuffle(password)
    return "".join(password)


def _true(value: object) -> bool:
    """CloudFormation takes ``true`` and ``"true"``."""
    return str(value).lower() == "true"
