def handler(event, context):
    city = event.get("pathParameters", {}).get("city")
    return {"route": event["routeKey"], "city": city}
