def handler(event, context):
    return "shop"
