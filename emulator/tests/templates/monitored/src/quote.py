import os


def handler(event, context):
    topic = os.environ["TOPIC_ARN"]
    return {"quote": "Well begun is half done.", "topic": "Operations" in topic}
