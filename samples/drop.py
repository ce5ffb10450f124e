"""Drops a file into a container of the storage emulator: python3 samples/drop.py FILE CONTAINER/PATH [--port 10000]

Any storage tool does this: az storage blob upload, azcopy, Storage Explorer. This one needs only Python, and the account that every emulator has.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import urllib.parse
from email.utils import formatdate

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def put(port, path, body, query="", **headers):
    """One signed PUT (Shared Key, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key)."""
    path = f"/{ACCOUNT}/{urllib.parse.quote(path)}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02", **{name.replace("_", "-"): value for name, value in headers.items()}}
    signed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    resource = f"/{ACCOUNT}{path}" + "".join(f"\n{part.replace('=', ':')}" for part in sorted(query.split("&")) if part)
    text = f"PUT\n\n\n{len(body) or ''}\n\n\n\n\n\n\n\n\n{signed}{resource}"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", path + ("?" + query if query else ""), body, {**headers, "Authorization": f"SharedKey {ACCOUNT}:{signature}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("target", help="container/path")
    parser.add_argument("--port", type=int, default=10000)
    arguments = parser.parse_args()
    put(arguments.port, arguments.target.split("/")[0], b"", "restype=container")
    with open(arguments.file, "rb") as file:
        status, answer = put(arguments.port, arguments.target, file.read(), x_ms_blob_type="BlockBlob")
    print("dropped" if status == 201 else f"{status} {answer}")


main()
