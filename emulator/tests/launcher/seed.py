"""Fills the table of ``small.yaml``, and says what it was given."""

import json
import os
import sys
from typing import Any

import botocore.session

running = json.load(sys.stdin)
client: Any = botocore.session.get_session().create_client(
    "dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"]
)
client.put_item(
    TableName=os.environ["USERS_TABLE"],
    Item={"pk": {"S": "carol"}, "given": {"S": json.dumps(running)}},
)
json.dump(
    {
        "description": {"People": ["carol"]},
        "announcement": f"Greet carol at {running['Service']}\n",
    },
    sys.stdout,
)
