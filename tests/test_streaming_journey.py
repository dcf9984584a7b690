"""A streaming function of the whole stack: the first piece comes before the last."""

import json
import shutil
from pathlib import Path

import httpx2

from tests.aws_caller import Person, sign
from tests.stack import ROOT, running_stack

RESOURCES = """
  TicksFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ticks
      Handler: run.sh
      Timeout: 60
      Role: !GetAtt FunctionRole.Arn
      Layers:
        - !Sub
          - arn:aws:lambda:${AWS::Region}:753240598075:layer:${Layer}
          - {Layer: 'LambdaAdapterLayerArm64:27'}
      Environment:
        Variables:
          AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap
          AWS_LWA_INVOKE_MODE: response_stream
      Tags: {aikagi:function: ticks}
      FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM}

  TicksEntry:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${AWS::StackName}/functions/ticks
      Type: String
      Value: !Sub |
        {"Title": "Ticks", "Arn": "${TicksFunction.Arn}",
         "FuncUrl": "${TicksFunctionUrl.FunctionUrl}",
         "InvokeMode": "RESPONSE_STREAM", "Groups": ["everyone"]}

Outputs:
"""

WEB_PROCESS = """
import asyncio
import json
import pathlib


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = dict(scope["headers"])
    body = (await receive()).get("body", b"")
    context = json.loads(headers.get(b"x-amzn-request-context", b"{}"))
    start = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": start})
    if scope["path"] == "/ticks":
        arn = context["authorizer"]["iam"]["userArn"]
        first = json.dumps({"type": "start", "caller": arn.rsplit("/")[-1]})
        piece = first.encode() + b"\\n"
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        # Only whoever has read the first piece makes this file.
        while not pathlib.Path(body.decode()).exists():
            await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b'{"type": "result"}\\n'})
"""


def test_the_first_event_of_a_long_task_comes_before_its_last(tmp_path: Path):
    for folder in ("app", "functions"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    ticks = tmp_path / "ticks"
    ticks.mkdir()
    (ticks / "web.py").write_text(WEB_PROCESS)
    run = ticks / "run.sh"
    run.write_text(
        "#!/bin/sh\n"
        "exec python -m uvicorn web:app --port $AWS_LWA_PORT --log-level warning\n"
    )
    run.chmod(0o755)
    # A server of its own: the same as the layer's, which set-up has installed.
    shutil.copy(ROOT / "functions" / "layer" / "requirements.txt", ticks)
    template = tmp_path / "template.yaml"
    text = (ROOT / "template.yaml").read_text()
    template.write_text(text.replace("\nOutputs:\n", RESOURCES))
    read = tmp_path / "read"

    with running_stack(tmp_path / "state", template=template) as stack:
        bob = Person.log_in(stack.broker, "bob", stack.users["bob"])
        grant = bob.grant("ticks")
        request = sign(grant, "ticks", body=str(read).encode())
        with httpx2.stream(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            timeout=30,
        ) as answer:
            lines = answer.iter_lines()
            first = json.loads(next(lines))
            read.touch()
            rest = [json.loads(line) for line in lines]

    assert grant["InvokeMode"] == "RESPONSE_STREAM"
    assert answer.status_code == 200
    assert first == {"type": "start", "caller": "local+bob"}
    assert rest == [{"type": "result"}]
