import json


def handler(event, context):
    heard = json.loads(event.get("body", "{}"))
    return {"statusCode": 202, "body": json.dumps({"heard": heard})}
