"""Receives events of Larder's webhooks, and takes none that is not signed. Needs nothing but Python.

    WEBHOOK_SECRET=... python receiver.py [port]
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import time

SECRET = os.environ["WEBHOOK_SECRET"].encode()
MAX_AGE = 300  # seconds: what is older may be a copy that an eavesdropper sends

seen = set()  # a receiver that is restarted keeps this in its database


def is_signed(headers, body):
    delivery, timestamp = headers["X-MLflow-Delivery-Id"], headers["X-MLflow-Timestamp"]
    signature = headers["X-MLflow-Signature"]
    if None in (delivery, timestamp, signature) or not timestamp.isdecimal():
        return False
    if abs(time.time() - int(timestamp)) > MAX_AGE:
        return False
    signed = b".".join([delivery.encode(), timestamp.encode(), body])
    expected = "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(expected.encode(), signature.encode())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_signed(self.headers, body):
            return self.answer(401)
        delivery = self.headers["X-MLflow-Delivery-Id"]
        if delivery not in seen:  # an event may come twice, with the same id
            event = json.loads(body)
            print(f"{event['entity']}.{event['action']} {json.dumps(event['data'])}", flush=True)
            seen.add(delivery)
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
