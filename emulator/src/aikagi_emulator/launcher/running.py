"""What a stack that answers can say of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """``env`` and ``operator_env`` are those of the files of the same names.

    ``application`` is the origin of the project's application and ``pages`` are its
    pages by name; without one they are None and empty, as ``env`` is. ``http_apis``
    leads from the logical ids of HTTP APIs to where they answer, with the stage,
    ``outputs`` from the names of the template's Outputs to their values;
    ``example`` is a line for a shell that calls one, and ``uncallable`` says why
    nothing can be called, where nothing can. ``seeded`` is
    what the seed command adds to the description, and ``announcement`` what it says.
    """

    application: str | None
    application_name: str
    endpoint: str
    region: str
    functions: Mapping[str, str]
    pages: Mapping[str, str]
    http_apis: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
    uncallable: tuple[str, ...] = ()
    env: Mapping[str, str] = field(repr=False)
    operator_env: Mapping[str, str] = field(repr=False)
    seeded: Mapping[str, object] = field(default_factory=dict, repr=False)
    announcement: str = field(default="", repr=False)


def description_of(running: Running) -> Mapping[str, object]:
    """``stack.json``, for tools and tests."""
    application: dict[str, object] = {}
    if running.application is not None:
        application = {running.application_name.capitalize(): running.application}
    return {
        **application,
        "Endpoint": running.endpoint,
        "Region": running.region,
        "Functions": dict(running.functions),
        **({"HttpApis": dict(running.http_apis)} if running.http_apis else {}),
        **({"Outputs": dict(running.outputs)} if running.outputs else {}),
        **running.seeded,
    }
