"""Drops a file into a container of blob storage: python3 samples/drop.py FILE CONTAINER/PATH [--port 10000 | --connection STRING]

Any storage tool does this: az storage blob upload, azcopy, Storage Explorer. This one needs only Python. Without a connection string it uses the
storage emulator, with the account that every emulator has.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import sys
import urllib.parse
from email.utils import formatdate

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def emulator(port=10000):
    """The connection string of the storage emulator."""
    return f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}"


class Storage:
    """Blobs of the account that a connection string names."""

    def __init__(self, connection):
        if connection == "UseDevelopmentStorage=true":
            connection = emulator()
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        if not parts.get("AccountName") or not parts.get("AccountKey"):
            raise ValueError("The connection string must have AccountName and AccountKey, as 'AccountName=...;AccountKey=...;BlobEndpoint=...'.")
        self.account, self.key = parts["AccountName"], base64.b64decode(parts["AccountKey"])
        suffix = parts.get("EndpointSuffix", "core.windows.net")
        self.endpoint = urllib.parse.urlsplit(parts.get("BlobEndpoint", f"https://{self.account}.blob.{suffix}"))

    def drop(self, file, target):
        """Puts a file's content at CONTAINER/PATH, and makes the container if it is missing. ValueError, with what the service said, otherwise."""
        status, answer = self.put(target.split("/")[0], b"", "restype=container")
        if status not in (201, 409):
            raise ValueError(f"The container was not made: {status} {answer}")
        with open(file, "rb") as content:
            status, answer = self.put(target, content.read(), x_ms_blob_type="BlockBlob")
        if status != 201:
            raise ValueError(f"The blob was not written: {status} {answer}")

    def put(self, path, body, query="", **headers):
        """One signed PUT (Shared Key, https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key)."""
        path = f"{self.endpoint.path.rstrip('/')}/{urllib.parse.quote(path)}"
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02", **{name.replace("_", "-"): value for name, value in headers.items()}}
        signed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        resource = f"/{self.account}{path}" + "".join(f"\n{part.replace('=', ':')}" for part in sorted(query.split("&")) if part)
        text = f"PUT\n\n\n{len(body) or ''}\n\n\n\n\n\n\n\n\n{signed}{resource}"
        signature = base64.b64encode(hmac.new(self.key, text.encode(), hashlib.sha256).digest()).decode()
        kind = http.client.HTTPSConnection if self.endpoint.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.endpoint.hostname, self.endpoint.port)
        connection.request("PUT", path + ("?" + query if query else ""), body, {**headers, "Authorization": f"SharedKey {self.account}:{signature}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("target", help="container/path")
    parser.add_argument("--port", type=int, default=10000, help="the emulator's blob port")
    parser.add_argument("--connection", help="a storage connection string with a key")
    arguments = parser.parse_args()
    try:
        Storage(arguments.connection or emulator(arguments.port)).drop(arguments.file, arguments.target)
    except (OSError, ValueError) as error:
        sys.exit(f"Not dropped. {error}")
    print("dropped")


if __name__ == "__main__":
    main()
