"""Why nothing of a template can be called, where that is so."""

from collections.abc import Iterator

from aikagi_emulator.template import Stack


def reasons_of(stack: Stack) -> tuple[str, ...]:
    """One sentence for each function, or for each of its events."""
    return tuple(_reasons(stack))


def _reasons(stack: Stack) -> Iterator[str]:
    functions = stack.of_type("AWS::Lambda::Function")
    if not functions:
        yield "It has no function."
    for function in functions:
        events = [
            event for event in stack.events if event.function == function.logical_id
        ]
        for event in events:
            yield f"{event.written} calls nothing: {event.unserved} here."
        if not events:
            yield (
                f"{function.logical_id} has neither a function URL (FunctionUrlConfig) "
                "nor an event of an HTTP API (HttpApi)."
            )
