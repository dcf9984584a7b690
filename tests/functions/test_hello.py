from hello.app import handler
from tests.functions.conftest import EventMaker


def test_a_session_of_the_broker_is_greeted_as_its_person(an_event: EventMaker):
    assert handler(an_event(method="GET"), None) == {
        "message": "hello world",
        "caller": {"issuer": "local", "subject": "alice"},
    }


def test_anybody_else_is_greeted_as_nobody(an_event: EventMaker):
    assert handler(an_event(session="alice"), None) == {
        "message": "hello world",
        "caller": None,
    }
