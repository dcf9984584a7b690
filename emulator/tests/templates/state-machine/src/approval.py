import os


def check(event, context):
    return {"approved": True}


def begin(event, context):
    return {"machine": "Approval" in os.environ["MACHINE"]}
