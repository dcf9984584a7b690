"""Verify AWS Signature Version 4 as AWS does, from values alone.

No I/O, no clock and no store: the request, the time and a function that finds
credentials come in; those credentials, or one refusal, come out. Canonicalisation
is our own, because botocore's trusts what a client claims about its body and query.
"""

from aikagi_emulator.sigv4.refusal import SignatureRefusedError
from aikagi_emulator.sigv4.request import Credentials, Request
from aikagi_emulator.sigv4.verification import verify

__all__ = ["Credentials", "Request", "SignatureRefusedError", "verify"]
