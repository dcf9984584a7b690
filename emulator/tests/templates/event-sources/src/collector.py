def handler(event, context):
    return {"path": event["rawPath"]}
