"""Parameter Store, holding the template's parameters and nothing else."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final

from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.json_protocol import Body, Need, Plan, json_answer, text_member
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.template import Stack

_PAGE: Final = 10
"""GetParametersByPath gives at most ten at a time, so a caller has to page:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
"""

_TOKEN: Final = re.compile(r"offset:([0-9]{1,6})")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    type: str
    value: str


@final
class ParameterStore:
    """Reads only. Satisfies ``json_protocol.Operations``."""

    name = "ssm"
    target = "AmazonSSM"
    content_type = "application/x-amz-json-1.1"

    def __init__(self, stack: Stack, *, clock: Callable[[], datetime]) -> None:
        self._prefix = f"arn:aws:ssm:{stack.region}:{stack.account}:parameter"
        self._created = clock().timestamp()
        self._parameters = {
            resource.ref: Parameter(
                name=resource.ref,
                type=str(resource.properties["Type"]),
                value=str(resource.properties["Value"]),
            )
            for resource in stack.of_type("AWS::SSM::Parameter")
        }

    def plan(self, action: str, body: Body) -> Plan:
        if action == "GetParametersByPath":
            names = [_path(body)]
        elif action == "GetParameters":
            names = _names(body)
        elif action == "GetParameter":
            names = [text_member(body, "Name")]
        else:
            raise not_modelled(f"ssm:{action}")
        if body.get("ParameterFilters"):
            what = f"ParameterFilters of ssm:{action}"
            raise not_modelled(what)
        needs = [
            Need(action=f"ssm:{action}", resource=self._arn(self._bare(name)))
            for name in names
        ]
        return Plan(needs=needs, body=body)

    def carry_out(self, action: str, body: Body) -> Answer:
        if action == "GetParametersByPath":
            return json_answer(self, self._by_path(body))
        if action == "GetParameters":
            return json_answer(self, self._several(_names(body)))
        found = self._find(text_member(body, "Name"))
        if found is None:
            raise AwsError("ParameterNotFound", "")
        return json_answer(self, {"Parameter": found})

    def _by_path(self, body: Body) -> Mapping[str, Any]:
        path = _path(body).rstrip("/") + "/"
        below = [
            self._described(parameter)
            for parameter in self._parameters.values()
            if parameter.name.startswith(path)
            and (
                body.get("Recursive") is True or "/" not in parameter.name[len(path) :]
            )
        ]
        start, size = _offset(body), _page_size(body)
        page: dict[str, Any] = {"Parameters": below[start : start + size]}
        if start + size < len(below):
            page["NextToken"] = _token(start + size)
        return page

    def _several(self, names: list[str]) -> Mapping[str, Any]:
        found = {name: self._find(name) for name in names}
        return {
            "Parameters": [
                parameter for parameter in found.values() if parameter is not None
            ],
            "InvalidParameters": [
                name for name, parameter in found.items() if parameter is None
            ],
        }

    def _find(self, name: str) -> Mapping[str, Any] | None:
        parameter = self._parameters.get(self._bare(name))
        return None if parameter is None else self._described(parameter)

    def _bare(self, name: str) -> str:
        """The name alone. A selector (``name:3``) is another name: it has no match."""
        return name.removeprefix(self._prefix) if name.startswith("arn:") else name

    def _arn(self, name: str) -> str:
        return f"{self._prefix}/{name.removeprefix('/')}"

    def _described(self, parameter: Parameter) -> Mapping[str, Any]:
        return {
            "Name": parameter.name,
            "Type": parameter.type,
            "Value": parameter.value,
            "Version": 1,
            "LastModifiedDate": self._created,
            "ARN": self._arn(parameter.name),
            "DataType": "text",
        }


def _path(body: Body) -> str:
    path = text_member(body, "Path")
    if not path.startswith("/"):
        text = (
            "The parameter doesn't meet the parameter name requirements. "
            'The parameter name must begin with a forward slash "/".'
        )
        raise AwsError("ValidationException", text)
    return path


def _names(body: Body) -> list[str]:
    names = body.get("Names")
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise AwsError("ValidationException", "Names must be a list of strings")
    if not 1 <= len(names) <= _PAGE:
        text = f"Names must have between 1 and {_PAGE} members"
        raise AwsError("ValidationException", text)
    return names


def _page_size(body: Body) -> int:
    size = body.get("MaxResults", _PAGE)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _PAGE:
        text = (
            f"1 validation error detected: Value '{size}' at 'maxResults' failed to "
            f"satisfy constraint: Member must have value between 1 and {_PAGE}"
        )
        raise AwsError("ValidationException", text)
    return size


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def _offset(body: Body) -> int:
    token = body.get("NextToken")
    if token is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(str(token)).decode("ascii")
    except ValueError:
        text = ""
    found = _TOKEN.fullmatch(text)
    if not found:
        raise AwsError("InvalidNextToken", "The specified token is not valid.")
    return int(found[1])
