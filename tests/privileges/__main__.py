"""Write docs/privileges.md, where both evaluators agree on everything in it.

``make privileges`` runs this, and prints the page. ``--check`` does neither: it says
what they do not agree on, and whether the page is as it would be.
"""

import argparse
import sys

from tests.privileges.agreement import differences, everything, verdicts_of_others
from tests.privileges.page import PAGE, page
from tests.privileges.samples import UnknownOperatorError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.privileges")
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args().check
    try:
        judged = everything()
    except UnknownOperatorError as error:
        sys.exit(str(error))
    found = list(differences(judged, verdicts_of_others(judged)))
    text = page()
    if not check and not found:
        PAGE.write_text(text, encoding="utf-8")
        sys.stdout.write(text)
    if check and PAGE.read_text(encoding="utf-8") != text:
        found.append(
            "docs/privileges.md: a role may do something else than it says: run "
            "`make privileges`, and look at what has changed in it."
        )
    for sentence in found:
        sys.stdout.write(f"{sentence}\n")
    sys.stdout.write(
        f"privileges of every role: {'FAILED' if found else 'passed'}, {len(judged):,} "
        "requests decided by both\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
