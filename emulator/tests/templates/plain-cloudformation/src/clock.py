def handler(event, context):
    return {"function": context.function_name.split("-")[1]}
