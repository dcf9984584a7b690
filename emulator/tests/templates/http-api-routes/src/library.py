import base64
import json
import time


def books(event, context):
    answer = {
        "route": event["routeKey"],
        "isbn": event.get("pathParameters", {}).get("isbn"),
        "shelf": event["stageVariables"]["shelf"],
        "tags": event.get("queryStringParameters", {}).get("tag"),
    }
    if event["requestContext"]["http"]["method"] == "POST":
        body = event["body"]
        if event["isBase64Encoded"]:
            body = base64.b64decode(body).hex()
        return {
            "statusCode": 201,
            "headers": {"content-type": "application/json", "location": "/books/1"},
            "cookies": ["last=1; Path=/"],
            "body": json.dumps({**answer, "book": body}),
        }
    return answer


def rest(event, context):
    return {"page": event["pathParameters"]["page"], "path": event["rawPath"]}


def failing(event, context):
    if event["rawPath"].endswith("/slow"):
        time.sleep(1)
    raise KeyError("book")
