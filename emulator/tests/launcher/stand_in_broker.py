"""Stands where the broker would: answers ``/healthz`` and shows its environment.

``stand_in_broker.py PORT [exit status]``; with a status it ends once it was asked for
``/end``, or at once when the status is negative.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from typing_extensions import override


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/end":
            os._exit(int(sys.argv[2]))
        body = json.dumps(dict(os.environ)).encode()
        self.send_response(200 if self.path in {"/healthz", "/env"} else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing: the test asks."""


if __name__ == "__main__":
    if len(sys.argv) > 2 and int(sys.argv[2]) < 0:
        sys.exit(-int(sys.argv[2]))
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
