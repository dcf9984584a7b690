"""What a developer reads once everything answers."""

from collections.abc import Mapping, Sequence
from textwrap import indent

from local.launcher.seed import DemoUser


def announcement(
    *,
    broker: str,
    endpoint: str,
    region: str,
    functions: Mapping[str, str],
    users: Sequence[DemoUser],
) -> str:
    rows = {
        "page": f"{broker}/",
        "docs": f"{broker}/docs",
        "AWS": endpoint,
        **functions,
    }
    width = max(len(name) for name in rows)
    addresses = "\n".join(f"{name:{width}}  {url}" for name, url in rows.items())
    logins = "\n".join(
        f"{user.username} / {user.password}  ({', '.join(user.groups)})"
        for user in users
    )
    parts = [f"{indent(addresses, '  ')}\n", f"Log in as\n{indent(logins, '  ')}\n"]
    if functions and users:
        snippet = shell_snippet(
            broker=broker, region=region, function=next(iter(functions)), user=users[0]
        )
        parts.append(f"Or call a function from a shell:\n\n{snippet}")
    return "\n" + "\n".join(parts)


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
