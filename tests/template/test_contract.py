"""What ``make check`` finds in a template, and what it lets pass beside it."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stack import ROOT
from tests.template.contract import violations
from tests.template.stacks import TEMPLATE, deployed

Edit = tuple[str, str]

TAG = "      Tags: {aikagi:function: hello}\n"
ENTRY = "functions/hello\n"
LOGGING = "      LoggingConfig: {LogGroup: !Ref FunctionLogs}\n"
HELLO_URL = '"FuncUrl": "${HelloFunctionUrl.FunctionUrl}"'
GROUPS = '"Groups": ["everyone"]'
HELLO_MODE = "InvokeMode: BUFFERED, Cors: *cors}\n\n  HelloEntry"
VARIABLES = "Environment: {Variables: {AIKAGI_INVOKE_ROLE_ARN: !GetAtt InvokeRole.Arn}}"
STREAMS = "          AWS_LWA_INVOKE_MODE: response_stream\n"
URL_AUTH = "                lambda:FunctionUrlAuthType: AWS_IAM\n"
VIA_URL = "              Bool: {lambda:InvokedViaFunctionUrl: 'true'}\n"
OWN_TAG = "aws:ResourceTag/aikagi:function: ${aws:PrincipalTag/function}\n"
OWN_STACK = "aws:ResourceTag/aws:cloudformation:stack-id: !Ref AWS::StackId\n"
WRITES_LOG = "Action: [logs:CreateLogStream, logs:PutLogEvents]\n"
RETENTION = "      RetentionInDays: !Ref LogRetentionDays\n"
ANOTHER_ENTRY = """
  AnotherEntry:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Sub '%s', Type: String, Value: '{}'}
"""
ISSUER = """
  AnotherIssuer:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${AWS::StackName}/issuers/%s
      Type: String
      Value: >-
        {"Title": "T", "Issuer": "https://%s", "Audiences": ["a"],
        "MaxTokenSeconds": 3600, "Algorithms": ["RS256"],
        "GroupsClaim": "groups", "Groups": {%s}}
"""
PERMISSION = """
  AnotherPermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref %s
      Principal: apigateway.amazonaws.com
"""
OUTPUTS = "\nOutputs:\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An edit that is a mistake, what is said of it, and the nearest that is none."""

    mistake: Edit
    said: str
    allowed: Edit


def groups(count: int) -> str:
    return ", ".join(f'"{number:036}": ["everyone"]' for number in range(count))


def two_issuers(*hosts: str) -> str:
    first, second = (ISSUER % (host[0], host, groups(1)) for host in hosts)
    # The same parameter's name twice would be another mistake.
    second = second.replace("AnotherIssuer", "YetAnotherIssuer")
    return first + second.replace("issuers/", "issuers/z")


CASES = {
    "a URL for anybody": Case(
        mistake=("AuthType: AWS_IAM, InvokeMode", "AuthType: NONE, InvokeMode"),
        said="HelloFunction: the AuthType of its URL is not AWS_IAM",
        allowed=("AuthType: AWS_IAM, InvokeMode", "AuthType: 'AWS_IAM', InvokeMode"),
    ),
    "a permission of the function itself": Case(
        mistake=(OUTPUTS, PERMISSION % "HelloFunction" + OUTPUTS),
        said="AnotherPermission: it lets apigateway.amazonaws.com call HelloFunction",
        allowed=(OUTPUTS, PERMISSION % "BrokerFunction" + OUTPUTS),
    ),
    "an issuer whose groups are too many": Case(
        mistake=(
            OUTPUTS,
            ISSUER % ("corp", "a.example", groups(80)) + OUTPUTS,
        ),
        said="AnotherIssuer: its Value has 44",
        allowed=(OUTPUTS, ISSUER % ("corp", "a.example", groups(70)) + OUTPUTS),
    ),
    "an issuer that the broker does not take": Case(
        mistake=(OUTPUTS, ISSUER % ("local", "a.example", groups(1)) + OUTPUTS),
        said="AnotherIssuer: the broker would leave it out: its name is not",
        allowed=(OUTPUTS, ISSUER % ("locals", "a.example", groups(1)) + OUTPUTS),
    ),
    "two entries of one issuer": Case(
        mistake=(OUTPUTS, two_issuers("a.example", "a.example") + OUTPUTS),
        said="YetAnotherIssuer: its Issuer stands in AnotherIssuer",
        allowed=(OUTPUTS, two_issuers("a.example", "b.example") + OUTPUTS),
    ),
    "a network with bits behind its prefix": Case(
        mistake=(GROUPS, f'{GROUPS},\n          "SourceNetworks": ["192.0.2.1/24"]'),
        said="HelloEntry: the broker would leave it out: its SourceNetworks have",
        allowed=(GROUPS, f'{GROUPS},\n          "SourceNetworks": ["192.0.2.0/24"]'),
    ),
    "a claim of any value": Case(
        mistake=(GROUPS, f'{GROUPS},\n          "RequiredClaims": {{"dept": ["*"]}}'),
        said="HelloEntry: the broker would leave it out: its RequiredClaims have",
        allowed=(GROUPS, f'{GROUPS},\n          "RequiredClaims": {{"dept": ["a"]}}'),
    ),
    "a query of what no audit line has": Case(
        mistake=("latest(Time) as Last by Issuer", "latest(When) as Last by Issuer"),
        said="WhoCallsWhatQuery: When is a member of no line of the log",
        allowed=("latest(Time) as Last by Issuer", "max(Time) as Last by Issuer"),
    ),
    "a query of what no line of metrics has": Case(
        mistake=("ispresent(StsLatency)", "ispresent(Latency)"),
        said="SlowSessionsQuery: Latency is a member of no line of the log",
        allowed=("ispresent(StsLatency)", "ispresent(PackedPolicySize)"),
    ),
    "a query of an event that there is not": Case(
        mistake=('filter Event = "Grant"', 'filter Event = "Granted"'),
        said="WhoCallsWhatQuery: Granted is no event of the audit",
        allowed=('filter Event = "Grant"', 'filter Event = "GrantRefused"'),
    ),
    "no tag": Case(
        mistake=(TAG, ""),
        said="HelloFunction has no tag aikagi:function",
        allowed=(TAG, "      Tags: {aikagi:function: hello, team: a}\n"),
    ),
    "another function's tag": Case(
        mistake=("function: report}", "function: hello}"),
        said="ReportFunction has the tag aikagi:function of HelloFunction",
        allowed=(
            "Tags: {aikagi:function: report}",
            "Tags: {'aikagi:function': report}",
        ),
    ),
    "an entry of another name": Case(
        mistake=(ENTRY, "functions/helo\n"),
        said="HelloFunction has the tag aikagi:function: hello, and no catalogue",
        allowed=("HelloEntry", "GreetingEntry"),
    ),
    "an entry of no function": Case(
        mistake=(
            OUTPUTS,
            ANOTHER_ENTRY % "/aikagi/${AWS::StackName}/functions/gone" + OUTPUTS,
        ),
        said="AnotherEntry: no function has the tag",
        allowed=("      Type: String\n", "      Type: String\n      Tier: Standard\n"),
    ),
    "an entry that is no JSON": Case(
        mistake=(
            '"Groups": ["everyone"]\n        }\n\n  # report',
            '"Groups"\n  # report',
        ),
        said="HelloEntry: its Value is not JSON",
        allowed=('"Title": "Hello"', '"Title": "こんにちは"'),
    ),
    "an entry with another function's URL": Case(
        mistake=(HELLO_URL, HELLO_URL.replace("Hello", "Report")),
        said="HelloEntry: its FuncUrl is not that of HelloFunction",
        allowed=(HELLO_URL, f'"MaxDurationSeconds": 900, {HELLO_URL}'),
    ),
    "an entry with another function's ARN": Case(
        mistake=('"Arn": "${HelloFunction.Arn}"', '"Arn": "${ReportFunction.Arn}"'),
        said="HelloEntry: its Arn is not that of HelloFunction",
        allowed=('"Arn": "${HelloFunction.Arn}"', '"Arn":"${HelloFunction.Arn}"'),
    ),
    "an entry with another mode": Case(
        mistake=('"RESPONSE_STREAM"', '"BUFFERED"'),
        said="SummariseEntry: its InvokeMode is not that of SummariseFunction",
        allowed=('"Groups": ["research"]', '"Groups": ["research", "x"]'),
    ),
    "an entry too long for Parameter Store": Case(
        mistake=('"Title": "Hello"', f'"Title": "Hello", "Example": "{"x" * 3800}"'),
        said="HelloEntry: its Value has 4",
        allowed=('"Title": "Hello"', f'"Title": "Hello", "Example": "{"x" * 1000}"'),
    ),
    "an example of JSON that is none": Case(
        mistake=(
            '"Title": "Hello"',
            '"Title": "Hello", "BodyType": "json", "Example": "{"',
        ),
        said="HelloEntry: its BodyType is json, and its Example is none",
        allowed=(
            '"Title": "Hello"',
            '"Title": "Hello", "BodyType": "json", "Example": "{}"',
        ),
    ),
    "an example of a file": Case(
        mistake=('"BodyType": "text"', '"BodyType": "file"'),
        said="ReportEntry: its BodyType is file, and its Example would be shown",
        allowed=('"BodyType": "text",\n', ""),
    ),
    "no role to believe": Case(
        mistake=(VARIABLES, "Environment: {Variables: {A: b}}"),
        said="HelloFunction: its variable AIKAGI_INVOKE_ROLE_ARN is not",
        allowed=(VARIABLES, VARIABLES.replace("}}", ", A: b}}")),
    ),
    "another role to believe": Case(
        mistake=(VARIABLES, VARIABLES.replace("InvokeRole.", "BrokerRole.")),
        said="HelloFunction: its variable AIKAGI_INVOKE_ROLE_ARN",
        allowed=("      Timeout: 10\n", "      Timeout: 11\n"),
    ),
    "a log of Lambda's own": Case(
        mistake=(LOGGING, ""),
        said="HelloFunction: its LoggingConfig names no log group of the template",
        allowed=(LOGGING, LOGGING.replace("Logs}", "Logs, LogFormat: JSON}")),
    ),
    "a log without retention": Case(
        mistake=(f"Properties:\n{RETENTION}\n  # For", "Properties: {}\n\n  # For"),
        said="FunctionLogs has no RetentionInDays",
        allowed=(RETENTION, RETENTION.replace("!Ref LogRetentionDays", "7")),
    ),
    "a log that may not be written": Case(
        mistake=(
            "Resource: !GetAtt FunctionLogs.Arn",
            "Resource: !GetAtt HttpApiLogs.Arn",
        ),
        said="FunctionRole may not write the log of HelloFunction",
        allowed=(
            "Resource: !GetAtt FunctionLogs.Arn",
            "Resource: [!GetAtt FunctionLogs.Arn]",
        ),
    ),
    "a URL for anybody who signs": Case(
        mistake=(URL_AUTH, ""),
        said="InvokePolicy: the statement CallTheFunctionUrl allows "
        "lambda:InvokeFunctionUrl without the condition StringEquals "
        "lambda:FunctionUrlAuthType",
        allowed=(
            URL_AUTH,
            f"{URL_AUTH}                aws:RequestedRegion: eu-west-1\n",
        ),
    ),
    "the Invoke API": Case(
        mistake=(VIA_URL, ""),
        said="InvokePolicy: the statement InvokeTheFunctionThroughIt allows "
        "lambda:InvokeFunction without the condition Bool "
        "lambda:InvokedViaFunctionUrl",
        allowed=(
            VIA_URL,
            VIA_URL.replace("'true'}", "'true', aws:SecureTransport: 'true'}"),
        ),
    ),
    "every function of the stack": Case(
        mistake=(OWN_TAG, "aws:SourceAccount: '123456789012'\n"),
        said="InvokePolicy: the statement CallTheFunctionUrl allows "
        "lambda:InvokeFunctionUrl without the condition StringEquals "
        "aws:ResourceTag/aikagi:function",
        allowed=(OWN_TAG, OWN_TAG.replace(": ${", ": '${").replace("}\n", "}'\n")),
    ),
    "functions of other stacks": Case(
        mistake=(OWN_STACK, "aws:SourceAccount: '123456789012'\n"),
        said="aws:ResourceTag/aws:cloudformation:stack-id",
        allowed=(
            OWN_STACK,
            OWN_STACK.replace("!Ref AWS::StackId", "!Ref 'AWS::StackId'"),
        ),
    ),
    "a function that may call others": Case(
        mistake=(WRITES_LOG, WRITES_LOG.replace("]", ", lambda:InvokeFunction]")),
        said="BrokerRole: the statement Log allows lambda:InvokeFunction",
        allowed=(WRITES_LOG, WRITES_LOG.replace("]", ", logs:DescribeLogStreams]")),
    ),
    "a function that may call others by a pattern": Case(
        mistake=(WRITES_LOG, WRITES_LOG.replace("]", ", 'Lambda:Invoke*']")),
        said="BrokerRole: the statement Log allows lambda:InvokeFunctionUrl",
        allowed=(WRITES_LOG, WRITES_LOG.replace("]", ", 'lambda:Get*']")),
    ),
    "a handler that is not there": Case(
        mistake=("hello.app.handler", "hello.app.greet"),
        said="HelloFunction: its Handler hello.app.greet is not in app.py",
        allowed=("Handler: hello.app.handler", "Handler: 'hello.app.handler'"),
    ),
    "a module that is not there": Case(
        mistake=("hello.app.handler", "hello.main.handler"),
        said="HelloFunction: its Handler hello.main.handler is not in main.py",
        allowed=("MemorySize: 256", "MemorySize: 512"),
    ),
    "a logical id of another folder": Case(
        mistake=("hello.app.handler", "report.app.handler"),
        said="HelloFunction: the function in the folder report has the logical id "
        "ReportFunction",
        allowed=("      Description: Greets its caller.\n", ""),
    ),
    "no shared layer": Case(
        mistake=("      Layers: [!Ref FunctionLayer]\n", ""),
        said="HelloFunction lacks the layer FunctionLayer",
        allowed=(
            "Layers: [!Ref FunctionLayer]",
            "Layers: [!Ref FunctionLayer, 'arn:aws:lambda:eu-west-1:1:layer:x:1']",
        ),
    ),
    "a stream without the adapter": Case(
        mistake=(", *web-adapter]", "]"),
        said="SummariseFunction streams, and lacks the layer *web-adapter",
        allowed=(
            "[!Ref FunctionLayer, *web-adapter]",
            "[*web-adapter, !Ref FunctionLayer]",
        ),
    ),
    "a stream without its mode": Case(
        mistake=(STREAMS, ""),
        said="SummariseFunction streams, and lacks",
        allowed=(STREAMS, f"{STREAMS}          AWS_LWA_PORT: '8080'\n"),
    ),
    "a stream in a URL that waits for its end": Case(
        mistake=("RESPONSE_STREAM, Cors", "BUFFERED, Cors"),
        said="SummariseFunction runs as a web process",
        allowed=("      Timeout: 900\n", "      Timeout: 60\n"),
    ),
}


def said_of(folder: Path, edit: Edit) -> list[str]:
    """Edit the first place in the template, or all of an ID, and check the result."""
    old, new = edit
    text = TEMPLATE.read_text()
    assert old in text
    for name in ("app", "functions"):
        (folder / name).symlink_to(ROOT / name)
    template = folder / "template.yaml"
    template.write_text(text.replace(old, new, -1 if old.isalpha() else 1))
    return violations(deployed(template))


def test_the_template_fits_together():
    assert violations(deployed()) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistake_has_a_sentence_that_names_what_to_mend(case: Case, tmp_path: Path):
    sentences = said_of(tmp_path, case.mistake)

    assert any(case.said in sentence for sentence in sentences), sentences
    assert all(
        re.match(r"[A-Za-z]+(:| has| may| lacks| streams| runs)", s) for s in sentences
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_near_a_mistake_and_none_passes(case: Case, tmp_path: Path):
    assert said_of(tmp_path, case.allowed) == []
