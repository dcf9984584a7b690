"""What a developer reads once everything answers."""

import shlex
from pathlib import Path
from textwrap import indent

from aikagi_emulator.launcher.running import Running
from aikagi_emulator.launcher.seed import DemoUser


def announcement(running: Running, *, operator_env: Path) -> str:
    """``operator_env`` is the file with the operator's variables."""
    rows: dict[str, str] = {}
    if running.broker is not None:
        rows = {"page": f"{running.broker}/", "docs": f"{running.broker}/docs"}
    rows |= {"AWS": running.endpoint, **running.functions}
    width = max(len(name) for name in rows)
    addresses = "\n".join(f"{name:{width}}  {url}" for name, url in rows.items())
    parts = [f"{indent(addresses, '  ')}\n"]
    if running.users:
        logins = "\n".join(
            f"{user.username} / {user.password}  ({', '.join(user.groups)})"
            for user in running.users
        )
        parts.append(f"Log in as\n{indent(logins, '  ')}\n")
    if running.functions:
        snippet = _snippet(running, operator_env)
        parts.append(f"Or call a function from a shell:\n\n{snippet}")
    return "\n" + "\n".join(parts)


def _snippet(running: Running, operator_env: Path) -> str:
    function, url = next(iter(running.functions.items()))
    if running.broker is None:
        return operator_snippet(url=url, region=running.region, file=operator_env)
    return shell_snippet(
        broker=running.broker,
        region=running.region,
        function=function,
        user=running.users[0],
    )


def operator_snippet(*, url: str, region: str, file: Path) -> str:
    """Lines to paste into ``sh``: call the function URL as the operator."""
    return f"""\
(set -a; . {_quoted(file)}; curl --aws-sigv4 aws:amz:{region}:lambda \\
  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  -H "x-amz-security-token: $AWS_SESSION_TOKEN" {url}); echo
"""


def _quoted(file: Path) -> str:
    # `.` looks for a name without a slash on the PATH.
    return shlex.quote(str(file.resolve()))


def shell_snippet(*, broker: str, region: str, function: str, user: DemoUser) -> str:
    """Lines to paste into ``sh``: log in, take a grant, call the function URL.

    Written for curl 7.75 and newer. Debian's 7.88 signs encoded paths and unsorted
    queries wrongly; this has neither.
    """
    return f"""\
get() {{ sed -n "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p"; }}
TOKEN=$(curl -s {broker}/auth/login -d grant_type=password \\
  -d username={user.username} -d password={user.password} | get access_token)
GRANT=$(curl -s {broker}/grant -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{{"FunctionName": "{function}"}}')
of() {{ printf '%s\\n' "$GRANT" | get "$1"; }}
curl --aws-sigv4 aws:amz:{region}:lambda \\
  --user "$(of AccessKeyId):$(of SecretAccessKey)" \\
  -H "x-amz-security-token: $(of SessionToken)" "$(of FuncUrl)"; echo
"""
