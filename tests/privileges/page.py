"""The page docs/privileges.md: its tables, and the words around them."""

from collections.abc import Iterable, Iterator
from typing import Final

from aikagi_emulator.template import Stack
from tests.privileges.dangers import INTENDED
from tests.privileges.matrix import Judged, Matrix, matrix_of, table, tables
from tests.privileges.variants import variants
from tests.template.rights import TRUSTS_THE_ACCOUNT, WILDCARDS
from tests.template.stacks import TEMPLATE, another_deployed, deployed

Names = dict[str, None]

PAGE: Final = TEMPLATE.parent / "docs" / "privileges.md"

_INTRODUCTION: Final = """\
# What each role can do

`make privileges` writes this page: it asks IAM about every role of
[template.yaml](../template.yaml) and [another-stack.yaml](another-stack.yaml) as SAM
translates them, for stacks called `trial` and `another`. Two evaluators have to decide
each of them alike: the emulator's IAM, which refuses on a laptop, and
[iam-simulate](https://github.com/cloud-copilot/iam-simulate), which other people write
from AWS's service authorization reference ([decision
30](decisions/0030-two-evaluators-decide-every-privilege-alike.md)). Tests hold the page
to the templates, so whoever changes what a role may do changes a line here, and a
reviewer sees which.

First comes what **nobody may** do: it is tried by every role, by a session as the
broker lends one, and by somebody who may do everything within a boundary; sessions are
tried by strangers too, of this account and of another. A danger that somebody may do
fails a test, and writing this page anew does not help.

Then each role has a line for each action of each of its statements. **as granted** is
the request that the statement is there for. The other columns are the same request
about **another** resource of its kind, about one of another stack, of another Region
and of another account. An empty cell is a question that cannot be asked: an ARN of IAM
has no Region. For each key of a condition the next table says what becomes of the
request **without it** and **with another value**, which is one more value where the key
has several.

Of a trust policy the same is asked for every role of the template, for an AWS service,
and for two administrators, one of the account and one of another, whose own account
lets them do everything.

Outside **as granted** there are two kinds of `yes`. A request to tag a session that has
no `aws:TagKeys` is one without tags: there is none with tags and without that key. And
where a statement compares a key with an operator that ends in `IfExists`, a request
without it passes.

Not asked about: the one policy of a resource that the templates have besides those of
roles, by which API Gateway calls the broker (`make check` reads it), and policies of
organisations and of VPC endpoints, which can only take away. What AWS's own managed
policies allow is unknown here, and `make check` refuses a role that carries one. None
of this comes from an account; `aws iam simulate-principal-policy` asks AWS itself about
a role that is deployed.
"""


def page() -> str:
    """Return the whole page."""
    ours, theirs = deployed(), another_deployed()
    return "\n".join(
        [
            _INTRODUCTION,
            _reasons(),
            *_of_stack("The broker's stack", ours),
            *_by_parameters(ours),
            *_of_stack("A stack of other functions", theirs),
        ]
    )


def _of_stack(title: str, stack: Stack) -> Iterator[str]:
    matrix = matrix_of(stack)
    yield f"## {title}\n"
    yield _nobody(matrix)
    for holder, text in tables(matrix, names_of(stack)).items():
        yield f"### {holder}\n"
        yield text


def _by_parameters(stack: Stack) -> Iterator[str]:
    """Yield the tables that are others with a parameter."""
    usual = tables(matrix_of(stack), names_of(stack))
    for parameters, variant in variants().items():
        for holder, text in tables(matrix_of(variant), names_of(variant)).items():
            if text != usual[holder]:
                yield f"### {holder}, with {parameters}\n"
                yield text


def names_of(stack: Stack) -> dict[str, str]:
    """Map the ARNs of a stack's resources to their logical ids."""
    found: dict[str, str] = {}
    for resource in stack.resources.values():
        arn = str(dict(resource.attributes).get("Arn", resource.ref))
        found.setdefault(arn.removesuffix(":*"), resource.logical_id)
    return found


def _reasons() -> str:
    """Say where the exceptions stand, and why each is one."""
    lines = [
        *(
            (_listed(wildcard.actions), f"`{wildcard.resource}`", wildcard.why)
            for wildcard in WILDCARDS
        ),
        *(
            (role, "trusts the whole account", why)
            for role, why in TRUSTS_THE_ACCOUNT.items()
        ),
        *(
            (f"{who}, {on}", f"`{action}`", why)
            for (who, action, on), why in INTENDED.items()
        ),
    ]
    return "## Exceptions, and why\n\n" + table(("Who", "What", "Because"), lines)


def _nobody(matrix: Matrix) -> str:
    """Return one line for each danger, and who may do it all the same."""
    lines = list(_lines(matrix.attempts))
    header = ("Nobody may", "on", "how", "except")
    return table(header, lines)


def _lines(attempts: tuple[Judged, ...]) -> Iterator[tuple[str, ...]]:
    """Join the actions of which the same is to be said."""
    but: dict[tuple[str, str, str], Names] = {}
    for row, allowed in attempts:
        names = but.setdefault((row.ask.action, row.kind, row.circumstance), {})
        names |= dict.fromkeys(row.spared)
        if allowed:
            names[f"{row.who} ({row.on})"] = None
    alike: dict[tuple[str, str, str], Names] = {}
    for (action, kind, how), names in but.items():
        alike.setdefault((kind, how, ", ".join(names)), {})[action] = None
    for (kind, how, others), actions in alike.items():
        yield _listed(actions), kind, how, others


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
