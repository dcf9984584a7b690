import os


def handler(event, context):
    names = ("SENDER", "PLACES", "FIRST_LANGUAGE")
    return {name.lower(): os.environ[name] for name in names}
