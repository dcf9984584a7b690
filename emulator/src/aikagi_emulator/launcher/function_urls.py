"""The template's function URLs: what they are called, and what they lead to."""

from collections.abc import Mapping

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.functions import function_of
from aikagi_emulator.template import Resource, Stack
from aikagi_emulator.urls import UrlError, UrlSettings, check_modes


def names_of(stack: Stack, prefix: str | None) -> Mapping[str, str]:
    """From the name of each function to its URL, in the template's order.

    A function whose URL stands in an SSM parameter below ``prefix`` is called what
    follows that in the parameter's name, any other by its logical id, which follows the
    name of its stack and a slash where that is another. ``${AWS::StackName}`` in
    ``prefix`` is the stack's.
    """
    found = _published(stack, prefix) if prefix else {}
    return {
        found.get(url, _logical_id(stack, target_of(stack, resource))): url
        for resource in stack.of_type("AWS::Lambda::Url")
        for url in [str(resource.attributes["FunctionUrl"])]
    }


def target_of(stack: Stack, url: Resource) -> Resource:
    """The function of a URL. Raises ``LaunchError`` where the template has none."""
    arn = str(url.attributes["FunctionArn"])
    function = function_of(stack, arn)
    if function is None:
        msg = f"{url.written} is the URL of {arn}, which the template lacks."
        raise LaunchError(msg)
    return function


def settings_of(url: Resource, *, streams: bool) -> UrlSettings:
    """What the template says of a URL, whose function streams or does not.

    Raises ``LaunchError``.
    """
    # The template may name the function; from here on its ARN is what counts.
    properties = {**url.properties, "TargetFunctionArn": url.attributes["FunctionArn"]}
    try:
        settings = UrlSettings.from_properties(
            properties, url=str(url.attributes["FunctionUrl"])
        )
        check_modes(settings, streams=streams)
    except UrlError as error:
        msg = f"{url.written}: {error}."
        raise LaunchError(msg) from error
    return settings


def _logical_id(stack: Stack, function: Resource) -> str:
    own = function.stack_name == stack.name
    return ("" if own else f"{function.stack_name}/") + function.logical_id


def _published(stack: Stack, prefix: str) -> Mapping[str, str]:
    """From URLs to names. A parameter that holds no URL names nothing."""
    start = prefix.replace("${AWS::StackName}", stack.name)
    return {
        str(url.attributes["FunctionUrl"]): parameter.ref.removeprefix(start)
        for parameter in stack.of_type("AWS::SSM::Parameter")
        if parameter.ref.startswith(start)
        for url in stack.of_type("AWS::Lambda::Url")
        if str(url.attributes["FunctionUrl"]) in str(parameter.properties["Value"])
    }
