from temperature import celsius


def handler(event, context):
    return {"celsius": celsius(float(event["pathParameters"]["fahrenheit"]))}
