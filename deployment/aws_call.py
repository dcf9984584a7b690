"""One call of AWS, to be made by this program or typed by its operator."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCall:
    """``operation``, ``arguments`` and what is waited for then are boto3's."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    waiter: str = ""
    waits_for: Mapping[str, Any] = field(default_factory=dict)

    def make(self, client: Any) -> None:  # noqa: ANN401 - the types of these clients are not installed
        """Make it, and wait. Raises what botocore raises."""
        getattr(client, self.operation)(**self.arguments)
        if self.waiter:
            client.get_waiter(self.waiter).wait(**self.waits_for)

    def as_command(self, region: str) -> str:
        """Write it for the AWS CLI."""
        words = ["aws", self.service, self.operation.replace("_", "-")]
        for name, value in self.arguments.items():
            option = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
            match value:
                case bool():
                    words.append(f"--{option}" if value else f"--no-{option}")
                case [*items]:
                    words += [f"--{option}", *items]
                case _:
                    words += [f"--{option}", str(value)]
        return shlex.join([*words, "--region", region])
