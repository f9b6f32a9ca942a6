"""A small ``curl`` for the examples, so that they run where there is none: ``-i -s -X -H -d``."""

from __future__ import annotations

import argparse
import http.client
import sys
from urllib.parse import urlsplit


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("url")
    parser.add_argument("-i", dest="show_head", action="store_true")
    parser.add_argument("-s", dest="silent", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    return parser.parse_args()


def main() -> None:
    """Send the request and print the answer."""
    options = parse()
    url = urlsplit(options.url)
    headers = {"Accept": "*/*"}
    if options.data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    headers.update(tuple(field.split(": ", 1)) for field in options.headers)
    method = options.method or ("GET" if options.data is None else "POST")
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.request(method, target, body=options.data, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if options.show_head:
        fields = (f"{name}: {value}" for name, value in answer.getheaders())
        head = "\n".join([f"HTTP/1.1 {answer.status} {answer.reason}", *fields, "", ""])
        sys.stdout.buffer.write(head.encode("latin-1"))
    sys.stdout.buffer.write(body)
    sys.stdout.flush()
    connection.close()


if __name__ == "__main__":
    main()
