import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Countdown(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for word in (b"three ", b"two ", b"one"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(word), word))
        self.wfile.write(b"0\r\n\r\n")


port = int(os.environ["AWS_LWA_PORT"])
ThreadingHTTPServer(("127.0.0.1", port), Countdown).serve_forever()
