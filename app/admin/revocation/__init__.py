"""End access that was granted: in the table first, then in a policy of the invoke role.

``docs/revocation.md`` says what holds when. ``entries`` and ``document`` decide without
I/O; ``journal`` and ``policy`` meet the table and IAM, ``proof`` a function URL, and
``revoker`` puts them in order.
"""
