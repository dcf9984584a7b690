"""Requests of the Python client that a script answers, as vectors have it."""

import time

from aikagi import AikagiError, Broker
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, answer_of
from tests.vector_files import Vector, bytes_of, for_client


class Clock:
    def __init__(self) -> None:
        self.moved = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved


def check(loopback: Loopback, vector: Vector) -> AikagiError | None:
    """Do what a vector does; give what was raised, which is as it says."""
    told = for_client(vector, "python")
    loopback.refreshes = vector.get("refresh_token", True)
    clock = Clock()
    with Broker(loopback.base, clock=clock) as broker:
        if vector.get("logged_in", True) and vector["do"] != "login":
            broker.login("alice", PASSWORD)
            loopback.asked.clear()
        clock.moved = vector.get("after", 0)
        loopback.broker_answers = [scripted(answer) for answer in vector["answers"]]
        replies = [scripted(answer) for answer in vector.get("function_answers", ())]
        loopback.answer = lambda _: replies.pop(0) or Answer()

        raised = failure(broker, vector)

    assert loopback.asked == told["asked"]
    assert len(loopback.calls) == told.get("calls", 0)
    wanted = told.get("error")
    assert (None if raised is None else written(raised, wanted or {})) == wanted
    return raised


def written(raised: AikagiError, wanted: Vector) -> Vector:
    """Write an error as the vector that wants one does."""
    members = {name: getattr(raised, name, None) for name in wanted}
    members |= {"message": str(raised)} if "message" in wanted else {}
    return members | {"name": type(raised).__name__}


def scripted(answer: Vector) -> Answer | None:
    if answer.get("good"):
        return None
    if answer.get("lost"):
        return Answer(silent=True)
    return answer_of(answer, [bytes_of(chunk) for chunk in answer["chunks"]])


def failure(broker: Broker, vector: Vector) -> AikagiError | None:
    try:
        match vector["do"]:
            case "login":
                broker.login("alice", PASSWORD)
            case "grant":
                broker.grant("hello")
            case "functions":
                broker.functions()
            case "call":
                method = vector.get("method", "GET")
                data = "x" if method == "POST" else None
                broker.call("hello", method=method, data=data).result()
            case _:
                broker.me()
    except AikagiError as error:
        return error
    return None
