"""moto as a store, by an entry point that is internal to it.

``dispatch`` of moto's response classes is not public: its version is pinned exactly,
and this is the only module that knows it. moto decides about nothing: a request
reaches it after its signature and IAM were checked, rebuilt from what was checked.
"""

import importlib
import json
import threading
from collections.abc import Mapping
from typing import Any, Final, final

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import Answer

_HANDLERS: Final = {
    "dynamodb": ("moto.dynamodb.responses", "DynamoHandler"),
    "secretsmanager": ("moto.secretsmanager.responses", "SecretsManagerResponse"),
}


@final
class MotoStore:
    """One account's data in one Region. Empty at the start; one per process.

    moto keeps its data in module globals, so a second store of the same account and
    Region would be the first: making one empties them. It is imported, which takes a
    second, once something is kept or asked for.
    """

    def __init__(self, *, account: str, region: str) -> None:
        self._handlers: dict[str, Any] = {}
        self._account = account
        self._region = region
        self._lock = threading.Lock()

    def _open(self) -> None:
        handlers = {
            service: getattr(importlib.import_module(module), name)
            for service, (module, name) in _HANDLERS.items()
        }
        for service in handlers:
            self.backend(service).reset()
        self._handlers = handlers

    def backend(self, service: str) -> Any:  # noqa: ANN401 - moto ships no types
        module = importlib.import_module(f"moto.{service}.models")
        return getattr(module, f"{service}_backends")[self._account][self._region]

    def call(self, service: str, operation: str, body: Mapping[str, Any]) -> Answer:
        """Carry out a request in the service's JSON protocol.

        ``operation`` is the whole target, such as ``DynamoDB_20120810.GetItem``.
        """
        with self._lock:
            if not self._handlers:
                self._open()
            request = self._request(service, operation, body)
            try:
                status, headers, content = self._handlers[service].dispatch(request)
            except NotImplementedError as error:
                text = f"The emulator's store does not know {operation}."
                raise AwsError("NotImplemented", text, status=501) from error
        return Answer(
            # The JSON protocols say 400 to every fault of the client; moto says 404.
            status=400 if 400 <= int(status) < 500 else int(status),  # noqa: PLR2004 - HTTP's lines
            content_type=request.headers["content-type"],
            body=content if isinstance(content, bytes) else str(content).encode(),
            headers=tuple(
                (name, str(value))
                for name, value in headers.items()
                if name.lower() in {"x-amz-crc32", "x-amzn-errortype"}
            ),
        )

    def _request(self, service: str, operation: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - moto ships no types
        from moto.core.request import Request

        version = "1.0" if service == "dynamodb" else "1.1"
        return Request.from_primitives(
            "POST",
            # moto reads a body as a form where the URL has no query, so that a value
            # holding "&Action=Scan" would become the action: give it one to read.
            f"https://{service}.{self._region}.amazonaws.com/?local=stack",
            {
                "content-type": f"application/x-amz-json-{version}",
                "x-amz-target": operation,
                "x-moto-account-id": self._account,
            },
            json.dumps(body).encode(),
        )
