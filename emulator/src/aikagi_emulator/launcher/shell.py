"""The shell this was started from, and what of it would lead an SDK astray."""

import os
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Final

_ASTRAY: Final = frozenset(
    {"AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE"}
)


def variables_in_the_way(
    shell: Mapping[str, str], env_file: Mapping[str, str]
) -> Sequence[str]:
    """Names of the shell's variables that win over an ``env`` file and differ from it.

    Also those that are not in it and yet choose credentials or endpoints.
    """
    return sorted(
        name
        for name, value in shell.items()
        if env_file.get(name, value) != value
        or (name not in env_file and (name in _ASTRAY or _is_an_endpoint(name)))
        if name.startswith("AWS_")
    )


def _is_an_endpoint(name: str) -> bool:
    return name.startswith("AWS_ENDPOINT_URL_")


def forget_aws(environment: MutableMapping[str, str]) -> None:
    """Take out of our own environment whatever an AWS library would act upon.

    Nothing in this process may find a real account: not the translator, not moto,
    not the seed command.
    """
    for name in [known for known in environment if known.startswith(("AWS_", "MOTO_"))]:
        del environment[name]
    environment["AWS_CONFIG_FILE"] = os.devnull
    environment["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
