"""What the emulator's IAM decides about requests."""

from collections.abc import Iterable
from typing import final

from aikagi_emulator.iam import Layers, Policy, Requester, decide, decide_assume
from tests.privileges.holders import Caller, Document
from tests.privileges.requests import Ask


def verdicts(asked: Iterable[Ask]) -> list[bool]:
    """Return for each whether it is allowed, by every layer that has a say."""
    judge = _Judge()
    return [judge.allows(ask) for ask in asked]


@final
class _Judge:
    """Reads each policy once: many requests are about the same ones."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, bool], tuple[Document, Policy]] = {}

    def allows(self, ask: Ask) -> bool:
        layers = self._layers(ask.caller)
        if ask.trust is None:
            return decide(ask.action, ask.resource, ask.context, layers).allowed
        return decide_assume(
            ask.action,
            ask.resource,
            ask.context,
            trust=self._policy(ask.trust, trust=True),
            requester=Requester(
                arn=ask.caller.arn,
                role_arn=ask.caller.role_arn or None,
                account=ask.caller.account,
                service=ask.caller.service or None,
            ),
            layers=layers,
        ).allowed

    def _layers(self, caller: Caller) -> Layers:
        bounds, session = caller.boundary, caller.session
        return Layers(
            identity=tuple(map(self._policy, caller.identity.values())),
            boundary=None if bounds is None else (self._policy(bounds),),
            session=None if session is None else (self._policy(session),),
        )

    def _policy(self, document: Document, *, trust: bool = False) -> Policy:
        # The document is kept, so that no other one gets its id.
        key = id(document), trust
        if key not in self._read:
            parse = Policy.trust if trust else Policy.identity
            self._read[key] = document, parse(document, name="policy")
        return self._read[key][1]
