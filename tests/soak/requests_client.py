"""``requests`` with requests-aws4auth, in an environment of its own.

Reads a grant and its cases as JSON, and writes the status of each.
"""

import base64
import importlib
import json
import sys

requests = importlib.import_module("requests")
aws4auth = importlib.import_module("requests_aws4auth")

asked = json.load(sys.stdin)
auth = aws4auth.AWS4Auth(
    asked["accessKeyId"],
    asked["secretAccessKey"],
    asked["region"],
    "lambda",
    session_token=asked["sessionToken"],
)
statuses = [
    requests.request(
        case["method"],
        asked["url"] + case["target"],
        headers=case["headers"],
        data=base64.b64decode(case["body"]),
        auth=auth,
        timeout=60,
    ).status_code
    for case in asked["cases"]
]
sys.stdout.write(json.dumps(statuses))
