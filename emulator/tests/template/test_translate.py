from copy import deepcopy
from pathlib import Path

from aikagi_emulator.template.translate import translate


def test_the_document_is_left_as_it_was_read(tmp_path: Path):
    document = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "One": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "CodeUri": ".",
                    "Handler": "a.handler",
                    "Runtime": "python3.13",
                },
            }
        },
    }
    read = deepcopy(document)

    translated = translate(
        document, folder=tmp_path, parameters={}, region="ap-northeast-1"
    )

    assert translated.code == {"One": tmp_path}
    assert document == read
