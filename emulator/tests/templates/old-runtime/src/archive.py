def handler(event, context):
    return "archive"
