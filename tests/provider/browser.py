"""A browser as ``BROWSER`` names one: its words are who signs in, and an address."""

import sys
from urllib.parse import urlsplit

from tests.provider.person import Visitor, get
from tests.provider.server import Person

if __name__ == "__main__":
    subject, address = sys.argv[1:]
    origin = urlsplit(address)
    issuer = f"{origin.scheme}://{origin.netloc}"
    with Visitor(issuer, Person(sub=subject, name="")) as visitor:
        get(visitor.sign_in(address))
