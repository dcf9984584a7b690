from aikagi_emulator.launcher.function_urls import names_of
from aikagi_emulator.template import Resource, Stack

PREFIX = "/team/${AWS::StackName}/functions/"


def function(name: str, port: int) -> tuple[Resource, Resource]:
    arn = f"arn:aws:lambda:ap-northeast-1:123456789012:function:{name}"
    url = f"http://127.0.0.1:{port}/"
    return (
        Resource(
            logical_id=name,
            type="AWS::Lambda::Function",
            properties={},
            ref=name,
            attributes={"Arn": arn},
            stack_name="local",
        ),
        Resource(
            logical_id=f"{name}Url",
            type="AWS::Lambda::Url",
            properties={},
            ref=arn,
            attributes={"FunctionArn": arn, "FunctionUrl": url},
            stack_name="local",
        ),
    )


def parameter(name: str, value: str) -> Resource:
    return Resource(
        logical_id=name.strip("/").replace("/", ""),
        type="AWS::SSM::Parameter",
        properties={"Name": name, "Type": "String", "Value": value},
        ref=name,
        attributes={},
        stack_name="local",
    )


def stack_of(*resources: Resource) -> Stack:
    return Stack(
        name="local",
        region="ap-northeast-1",
        account="123456789012",
        resources={resource.logical_id: resource for resource in resources},
        outputs={},
        code={},
    )


def test_a_function_is_called_what_its_parameter_is_else_by_its_logical_id():
    stack = stack_of(
        *function("Report", 8101),
        *function("Hello", 8102),
        parameter("/team/local/functions/hi", '{"FuncUrl": "http://127.0.0.1:8102/"}'),
        parameter("/team/local/functions/odd", "not JSON"),
        parameter("/team/other/functions/report", "http://127.0.0.1:8101/"),
    )

    found = names_of(stack, PREFIX)

    assert list(found.items()) == [
        ("Report", "http://127.0.0.1:8101/"),
        ("hi", "http://127.0.0.1:8102/"),
    ]
    assert list(names_of(stack, None)) == ["Report", "Hello"]
