import os

import boto3
from botocore.exceptions import ClientError

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def write(event, context):
    table.put_item(Item={"id": "1", "text": event["body"]})
    return {"statusCode": 204}


def read(event, context):
    try:
        return {"text": table.get_item(Key={"id": "1"})["Item"]["text"]}
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}
