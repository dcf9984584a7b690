import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["RECIPES"])


def handler(event, context):
    key = event.get("pathParameters")
    match event["routeKey"].split()[0]:
        case "PUT":
            table.put_item(Item={**key, **json.loads(event["body"])})
            return {"statusCode": 204}
        case "DELETE":
            table.delete_item(Key=key)
            return {"statusCode": 204}
    if key is None:
        return {"recipes": [item["id"] for item in table.scan()["Items"]]}
    item = table.get_item(Key=key).get("Item")
    return item or {"statusCode": 404, "body": "no such recipe"}
