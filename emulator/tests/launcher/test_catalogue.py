import json

import pytest

from aikagi_emulator.launcher.catalogue import catalogue_of
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.template import Resource, Stack


def entry(name: str, value: str) -> Resource:
    return Resource(
        logical_id=name.strip("/").replace("/", ""),
        type="AWS::SSM::Parameter",
        properties={"Name": name, "Type": "String", "Value": value},
        ref=name,
        attributes={},
    )


def stack_of(*entries: Resource) -> Stack:
    return Stack(
        name="local",
        region="ap-northeast-1",
        account="123456789012",
        resources={one.logical_id: one for one in entries},
        outputs={},
        code={},
    )


def test_functions_are_named_as_in_the_catalogue_and_in_its_order():
    url = "http://127.0.0.1:8101/"
    stack = stack_of(
        entry("/aikagi/local/functions/report", json.dumps({"FuncUrl": url})),
        entry("/aikagi/local/functions/hello", json.dumps({"FuncUrl": url})),
        entry("/aikagi/other", "not an entry"),
    )

    found = catalogue_of(stack, "/aikagi/local/functions")

    assert list(found.items()) == [("report", url), ("hello", url)]


@pytest.mark.parametrize("value", ["not JSON", "{}", "[]", "1"])
def test_an_entry_that_is_none_is_named(value: str):
    stack = stack_of(entry("/functions/hello", value))

    with pytest.raises(LaunchError, match="functionshello is not a catalogue entry"):
        catalogue_of(stack, "/functions/")
