"""Whole templates, from text to stack."""

from pathlib import Path

import pytest

from aikagi_emulator.template import Addresses, TemplateError, load
from emulator.tests.template.conftest import HEAD, Loader

FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: a.handler
      Runtime: python3.13
      FunctionUrlConfig: {{AuthType: {auth}}}
"""


def a_function(name: str, auth: str = "AWS_IAM") -> str:
    return FUNCTION.format(name=name, auth=auth)


def test_urls_are_numbered_in_the_order_of_the_template(load_text: Loader):
    stack = load_text(f"Resources:{a_function('Second')}{a_function('First')}")

    urls = [url.attributes["FunctionUrl"] for url in stack.of_type("AWS::Lambda::Url")]
    assert urls == ["http://127.0.0.1:8101/", "http://127.0.0.1:8102/"]
    assert [url.logical_id for url in stack.of_type("AWS::Lambda::Url")] == [
        "SecondUrl",
        "FirstUrl",
    ]


def test_a_url_that_is_not_there_takes_no_address(load_text: Loader):
    absent = f"{a_function('Absent')}    Condition: Never\n"

    stack = load_text(
        "Conditions: {Never: !Equals [a, b]}\n"
        f"Resources:{absent}{a_function('There')}"
        "Outputs:\n"
        "  Absent: {Condition: Never, Value: !GetAtt AbsentUrl.FunctionUrl}\n"
        "  There: {Value: !GetAtt ThereUrl.FunctionUrl}\n"
    )

    assert stack.outputs == {"There": "http://127.0.0.1:8101/"}
    assert "Absent" not in stack.resources
    assert stack.code.keys() == {stack.resources["There"].ref}


def test_code_is_the_folder_beside_the_template(load_text: Loader, tmp_path: Path):
    stack = load_text(f"Resources:{a_function('One')}")

    assert stack.code == {stack.resources["One"].ref: tmp_path / "code"}


def test_code_may_be_named_once_for_all_and_be_the_templates_own_folder(
    load_text: Loader, tmp_path: Path
):
    function = a_function("One").replace("CodeUri: code\n", "MemorySize: 128\n")

    stack = load_text(f"Globals: {{Function: {{CodeUri: .}}}}\nResources:{function}")

    assert stack.code == {stack.resources["One"].ref: tmp_path}


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        pytest.param(
            "elsewhere", "One: CodeUri elsewhere is not a folder", id="absent"
        ),
        pytest.param(
            "s3://a/b", "One: CodeUri is s3://a/b; the emulator", id="uploaded"
        ),
        pytest.param("{Bucket: a, Key: b}", "One: CodeUri is", id="uploaded, in parts"),
        pytest.param("", "One has no CodeUri", id="none"),
    ],
)
def test_code_that_is_in_no_folder_is_refused(
    load_text: Loader, written: str, complaint: str
):
    function = a_function("One").replace("CodeUri: code", f"CodeUri: {written}")

    with pytest.raises(TemplateError, match=complaint):
        load_text(f"Resources:{function}")


def test_a_function_that_brings_its_code_in_the_template_is_refused(load_text: Loader):
    with pytest.raises(TemplateError, match="One: its code is not a folder"):
        load_text(
            "Resources:\n"
            "  One:\n"
            "    Type: AWS::Lambda::Function\n"
            "    Properties: {Code: {ZipFile: 'x'}, Handler: a.b, Role: r}\n"
        )


def test_a_parameters_value_reaches_lists_conditions_and_text(load_text: Loader):
    text = (
        "Parameters:\n"
        "  Origins: {Type: CommaDelimitedList, Default: ''}\n"
        "  Days: {Type: Number, Default: 3}\n"
        "Conditions:\n"
        "  Some: !Not [!Equals [!Join ['', !Ref Origins], '']]\n"
        "Resources:\n"
        "  Logs:\n"
        "    Type: AWS::Logs::LogGroup\n"
        "    Properties:\n"
        "      RetentionInDays: !Ref Days\n"
        "      Origins: !If [Some, !Ref Origins, !Ref AWS::NoValue]\n"
    )

    assert load_text(text).resources["Logs"].properties == {"RetentionInDays": "3"}
    assert load_text(text, Origins="a,b").resources["Logs"].properties == {
        "RetentionInDays": "3",
        "Origins": ["a", "b"],
    }


def test_a_functions_variables_are_text(load_text: Loader):
    variables = "      Environment: {Variables: {A: 5, B: true, C: c}}\n"

    stack = load_text(f"Resources:{a_function('One')}{variables}")

    environment = stack.resources["One"].properties["Environment"]
    assert environment == {"Variables": {"A": "5", "B": "true", "C": "c"}}


def test_a_variable_that_cannot_be_text_is_named(load_text: Loader):
    variables = "      Environment: {Variables: {A: [1]}}\n"

    with pytest.raises(TemplateError, match="One: its variable A: a list stands"):
        load_text(f"Resources:{a_function('One')}{variables}")


def test_the_stack_is_told_where_it_is(tmp_path: Path, addresses: Addresses):
    path = tmp_path / "template.yaml"
    path.write_text(
        f"{HEAD}"
        "Resources: {Table: {Type: AWS::DynamoDB::Table}}\n"
        "Outputs:\n"
        "  All:\n"
        "    Value: !Sub ${AWS::StackName} ${AWS::Region} ${AWS::AccountId} "
        "${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackId}\n"
    )

    stack = load(
        path,
        addresses=addresses,
        region="eu-west-1",
        account="210987654321",
        name="trial",
    )

    assert stack.outputs["All"] == (
        f"trial eu-west-1 210987654321 aws amazonaws.com {stack.stack_id}"
    )
    assert stack.stack_id.startswith(
        "arn:aws:cloudformation:eu-west-1:210987654321:stack/trial/"
    )
    assert (
        stack.resources["Table"]
        .attributes["Arn"]
        .startswith("arn:aws:dynamodb:eu-west-1:210987654321:table/trial-Table-")
    )


def test_the_developers_own_aws_settings_do_not_matter(
    load_text: Loader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null/nothing")

    stack = load_text(f"Resources:{a_function('One')}")

    assert ":ap-northeast-1:" in stack.resources["One"].attributes["Arn"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            "Resources: {Bucket: {Type: AWS::S3::Bucket}}",
            "Bucket: AWS::S3::Bucket is not a type",
            id="resource type",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table, "
            "Properties: {A: !Cidr [a, 1]}}}",
            "T: Fn::Cidr is not modelled",
            id="intrinsic function",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table}}\n"
            "Outputs: {Stream: {Value: !GetAtt T.StreamArn}}",
            r"Outputs\.Stream: T\.StreamArn is not an attribute .* has Arn",
            id="attribute",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table, "
            "Properties: {A: !Ref Nobody}}}",
            "T: there is neither a resource nor a parameter Nobody",
            id="name",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table, Condition: Nobody}}",
            "there is no condition Nobody",
            id="condition",
        ),
        pytest.param(
            "Conditions: {C: !Contains [a, b]}\n"
            "Resources: {T: {Type: AWS::DynamoDB::Table, Condition: C}}",
            r"Conditions\.C: .* is not a condition",
            id="condition function",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table, "
            "Properties: {A: !FindInMap [M, a, b]}}}",
            "T: there is no mapping M",
            id="mapping",
        ),
        pytest.param(
            "Resources: {T: {Type: AWS::DynamoDB::Table}}\n"
            "Outputs: {O: {Value: !Ref AWS::NoValue}}",
            r"Outputs\.O: AWS::NoValue stands where text is wanted",
            id="an output of nothing",
        ),
    ],
)
def test_what_is_unknown_is_named_with_its_place(
    load_text: Loader, text: str, complaint: str
):
    with pytest.raises(TemplateError, match=complaint):
        load_text(text)


def test_a_circle_of_resources_names_its_members(load_text: Loader):
    with pytest.raises(TemplateError, match="circular dependency: A -> B -> C -> A"):
        load_text(
            "Resources:\n"
            "  A: {Type: AWS::DynamoDB::Table, Properties: {X: !Ref B}}\n"
            "  B: {Type: AWS::DynamoDB::Table, Properties: {X: !GetAtt C.Arn}}\n"
            "  C: {Type: AWS::DynamoDB::Table, Properties: {X: !Sub '${A}'}}\n"
        )


def test_a_circle_of_conditions_names_its_members(load_text: Loader):
    with pytest.raises(TemplateError, match=r"Conditions\.A -> Conditions\.B -> Cond"):
        load_text(
            "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n"
            "Resources: {T: {Type: AWS::DynamoDB::Table, Condition: A}}\n"
        )


def test_a_reference_to_what_a_condition_leaves_out_is_refused(load_text: Loader):
    text = (
        "Parameters: {With: {Type: String}}\n"
        "Conditions: {Wanted: !Equals [!Ref With, 'yes']}\n"
        "Resources:\n"
        "  A: {Type: AWS::DynamoDB::Table, Condition: Wanted}\n"
        "  B: {Type: AWS::DynamoDB::Table, Properties: {X: !Ref A}}\n"
    )

    assert load_text(text, With="yes").resources.keys() == {"A", "B"}
    with pytest.raises(TemplateError, match="B: A is not there: its condition is fals"):
        load_text(text, With="no")


def test_mappings_are_looked_up(load_text: Loader):
    stack = load_text(
        "Mappings: {Days: {ap-northeast-1: {Logs: 7}}}\n"
        "Resources: {T: {Type: AWS::DynamoDB::Table}}\n"
        "Outputs: {O: {Value: !FindInMap [Days, !Ref AWS::Region, Logs]}}\n"
    )

    assert stack.outputs == {"O": "7"}


def test_what_sam_makes_is_complained_about_under_the_author_s_name(load_text: Loader):
    bucket = "  Events: {E: {Type: S3, Properties: {Bucket: !Ref B, Events: 's3:*'}}}\n"
    text = f"Resources:{a_function('One')}    {bucket}  B: {{Type: AWS::S3::Bucket}}\n"

    with pytest.raises(TemplateError, match=r"^B: AWS::S3::Bucket is not a type"):
        load_text(text)


@pytest.mark.parametrize(
    ("resource", "property_"),
    [
        ("{Type: AWS::CloudWatch::Alarm}", "!GetAtt Other.Arn"),
        ("{Type: AWS::SNS::Topic, Properties: {A: !Odd x}}", "!Ref Other"),
        ("{Type: AWS::WAFv2::WebACL}", "!GetAtt Other.Anything"),
        ("{Type: AWS::Lambda::EventSourceMapping}", "a"),
    ],
)
def test_what_decides_nothing_is_passed_over_with_a_line(
    load_text: Loader,
    caplog: pytest.LogCaptureFixture,
    resource: str,
    property_: str,
):
    caplog.set_level("INFO")

    stack = load_text(f"""
Resources:
  Other: {resource}
  Table: {{Type: AWS::DynamoDB::Table}}
Outputs:
  Theirs: {{Value: {property_}}}
""")

    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Other is passed over: AWS::")
    assert stack.outputs["Theirs"]
    assert "Other" in stack.outputs["Theirs"] or property_ == "a"


def test_all_of_one_type_that_are_passed_over_have_one_line(
    load_text: Loader, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")

    load_text("""
Resources:
  Slow: {Type: AWS::CloudWatch::Alarm}
  Overview: {Type: AWS::CloudWatch::Dashboard}
  Broken: {Type: AWS::CloudWatch::Alarm}
  First: {Type: AWS::SNS::Topic}
  Second: {Type: AWS::SNS::Topic}
  Third: {Type: AWS::SNS::Topic}
  Fourth: {Type: AWS::SNS::Topic}
""")

    assert [record.getMessage() for record in caplog.records] == [
        "Slow, Broken are passed over: AWS::CloudWatch::Alarm decides nothing here",
        "Overview is passed over: AWS::CloudWatch::Dashboard decides nothing here",
        "First and 3 others are passed over: AWS::SNS::Topic decides nothing here",
    ]


def test_an_alias_a_public_url_and_a_local_layer_are_loaded(
    load_text: Loader, tmp_path: Path
):
    (tmp_path / "layer").mkdir()
    more = "      AutoPublishAlias: live\n      Layers: [!Ref Shared]\n"
    layer = "{Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}"

    stack = load_text(
        f"Resources:{a_function('One', auth='NONE')}{more}  Shared: {layer}\n"
    )

    one, (url,) = stack.resources["One"], stack.of_type("AWS::Lambda::Url")
    assert url.attributes["FunctionArn"] == f"{one.attributes['Arn']}:live"
    assert url.written == "One (AWS::Lambda::Url)"
    assert stack.layers == {one.properties["Layers"][0]: tmp_path / "layer"}


def test_a_container_image_is_refused_in_the_author_s_words(load_text: Loader):
    text = f"Resources:{a_function('One')}      PackageType: Image\n"

    with pytest.raises(
        TemplateError, match=r"^One: PackageType is Image; the emulator"
    ):
        load_text(text)


def test_what_the_translator_refuses_is_said_in_its_words(load_text: Loader):
    with pytest.raises(TemplateError, match=r"SAM translator refuses .*One.*AuthType"):
        load_text(f"Resources:{a_function('One', auth='SOMETIMES')}")


@pytest.mark.parametrize(
    "transform", ["AWS::LanguageExtensions", "[AWS::Serverless-2016-10-31, Other]"]
)
def test_another_transform_is_refused(
    tmp_path: Path, addresses: Addresses, transform: str
):
    path = tmp_path / "template.yaml"
    path.write_text(
        f"Transform: {transform}\nResources: {{T: {{Type: AWS::DynamoDB::Table}}}}"
    )

    with pytest.raises(TemplateError, match="Transform is "):
        load(path, addresses=addresses)


def test_loading_leaves_nothing_behind(load_text: Loader, tmp_path: Path):
    text = f"Resources:{a_function('One')}"

    assert load_text(text) == load_text(text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code", "template.yaml"]


def names_of_names(count: int) -> str:
    """Each parameter's value is twice the value of the one before it."""
    values = [
        "a",
        *(f"!Sub '${{P{i}.Value}}${{P{i}.Value}}'" for i in range(count - 1)),
    ]
    return "Resources:\n" + "".join(
        f"  P{i}:\n"
        "    Type: AWS::SSM::Parameter\n"
        f"    Properties: {{Type: String, Value: {value}}}\n"
        for i, value in enumerate(values)
    )


def test_a_value_may_be_made_of_values_as_long_as_a_parameters(load_text: Loader):
    stack = load_text(names_of_names(14))

    assert len(stack.resources["P13"].attributes["Value"]) == 8192


@pytest.mark.parametrize("count", [15, 24])
def test_a_value_made_of_values_without_an_end_is_refused(
    load_text: Loader, count: int
):
    with pytest.raises(TemplateError, match="P14: its name or value has more than"):
        load_text(names_of_names(count))


@pytest.mark.parametrize(
    ("metadata", "function", "layer"),
    [
        ("{}", "python", ""),
        ("{BuildMethod: makefile}", "makefile", "makefile"),
        ("{BuildMethod: python3.13}", "python3.13", "python3.13"),
        ("{BuildMethod: makefile, SkipBuild: true}", "", ""),
        ("{SkipBuild: 'True'}", "", ""),
        ("[]", "python", ""),
    ],
)
def test_how_sam_builds_a_function_and_a_layer_is_known_by_their_names(
    load_text: Loader, metadata: str, function: str, layer: str
):
    stack = load_text(f"""
Resources:
  One:
    Type: AWS::Serverless::Function
    Metadata: {metadata}
    Properties: {{CodeUri: code, Handler: a.b, Runtime: python3.13}}
  Plain:
    Type: AWS::Lambda::Function
    Metadata: {metadata}
    Properties: {{Code: code, Handler: a.b, Runtime: python3.13, Role: none}}
  Shared:
    Type: AWS::Serverless::LayerVersion
    Metadata: {metadata}
    Properties: {{ContentUri: code}}
  PlainShared:
    Type: AWS::Lambda::LayerVersion
    Metadata: {metadata}
    Properties: {{Content: code}}
""")

    functions = stack.of_type("AWS::Lambda::Function")
    versions = stack.of_type("AWS::Lambda::LayerVersion")
    assert (len(functions), len(versions)) == (2, 2)
    assert stack.builds == {
        **{resource.ref: function for resource in functions},
        **{resource.ref: layer for resource in versions},
    }
