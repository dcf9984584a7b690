def handler(event, context):
    return {"thumbnails": 0}
