"""What ministack decides: cases as JSON in, a list of booleans out.

Runs in an environment of its own, as a process: nothing of it is imported here.
"""

import importlib
import json
import sys
from typing import Any

evaluator = importlib.import_module("ministack.core.iam_evaluator")


def allows(case: dict[str, Any]) -> bool:
    context = {key.lower(): value for key, value in case["context"].items()}
    asked = evaluator.EvalContext(
        principal_arn=context["aws:principalarn"],
        principal_type="AssumedRole",
        principal_account="123456789012",
        action=case["action"],
        resource_arn=case.get("resource", "*"),
        region="us-east-1",
        source_ip=context.get("aws:sourceip"),
        # Without it, ministack has an empty list of tags where AWS has no key.
        service_context={"aws:tagkeys": None, **context},
    )
    if "trust" in case:
        return bool(
            evaluator.evaluate_trust_policy(case["trust"], case["caller"], asked)
        )
    layers = [
        [evaluator.parse_policy_document(document) for document in documents]
        for documents in (case["identity"], [case["boundary"]], [case["session"]])
        if documents != [None]
    ]
    return bool(evaluator.evaluate(asked, *layers).decision == "Allow")


sys.stdout.write(json.dumps([allows(case) for case in json.load(sys.stdin)]))
