#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that wants to know who asks: auth-server.py DIRECTORY LOG [CERTIFICATE KEY]

It serves the files of DIRECTORY. Beside DIRECTORY/X, X.auth says what a request for X must have, one line of
    Basic USER:PASSWORD
    Bearer TOKEN
    AWS KEY-ID SECRET REGION      (signature version 4 for the service s3, which is computed here again)
and X.location is where to go instead. Under /v2/ it is a registry with nothing in it, for which DIRECTORY/v2.auth
says the same.

LOG gets a line "METHOD PATH STATUS AUTHORIZATION" for each request.
"""

import base64
import hashlib
import hmac
import http.server
import re
import sys

from serving import serve

directory, log = sys.argv[1:3]


def read(name):
    try:
        with open(directory + name) as f:
            return f.read().strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def aws_problem(request, key_id, secret, region):
    """What is wrong with the signature, by Amazon's description of version 4; None if it is right."""
    m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                     r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})", request.headers["Authorization"])
    if not m:
        return "not of the form"
    if m[1] != key_id or m[3] != region:
        return "another key or region"
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(m[4].split(";")):
        return "host, date or digest of the body not signed"
    date = request.headers["X-Amz-Date"]
    if not date.startswith(m[2]):
        return "another date"
    path, _, query = request.path.partition("?")
    canonical = "\n".join(
        [request.command, path, "&".join(sorted(query.split("&"))),
         *["%s:%s" % (h, " ".join(request.headers[h].split())) for h in m[4].split(";")], "",
         m[4], request.headers["X-Amz-Content-Sha256"]])
    if request.headers["X-Amz-Content-Sha256"] != hashlib.sha256(b"").hexdigest():
        return "wrong digest of the body"
    text = "\n".join(["AWS4-HMAC-SHA256", date, "%s/%s/s3/aws4_request" % (m[2], region),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (m[2], region, "s3", "aws4_request"):
        key = sign(key, part)
    return None if sign(key, text).hex() == m[5] else "wrong signature"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def allowed(self, wanted):
        given = self.headers.get("Authorization")
        if not wanted or not given:
            return not wanted
        kind, *values = wanted.split()
        if kind == "AWS":
            problem = aws_problem(self, *values)
            if problem:
                self.note("AWS", problem)
            return problem is None
        if kind == "Basic":
            values[0] = base64.b64encode(values[0].encode()).decode()
        return given == "%s %s" % (kind, values[0])

    def note(self, status, text=None):
        with open(log, "a") as f:
            f.write("%s %s %s %s\n" % (self.command, self.path, status, text or self.headers.get("Authorization", "-")))

    def answer(self, status, body=b"", **headers):
        self.note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def registry(self):
        wanted = read("/v2.auth")
        if self.allowed(wanted):
            return self.answer(404 if self.path != "/v2/" else 200, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        self.answer(401, b"{}", WWW_Authenticate='Basic realm="test"')

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/v2/"):
            return self.registry()
        if not self.allowed(read(path + ".auth")):
            return self.answer(401, b"who are you?\n", WWW_Authenticate='Basic realm="test"')
        location = read(path + ".location")
        if location:
            return self.answer(302, Location=location)
        try:
            with open(directory + path, "rb") as f:
                body = f.read()
        except (FileNotFoundError, IsADirectoryError):
            return self.answer(404, b"nothing here\n")
        self.answer(200, body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *arguments):
        pass


serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler), *sys.argv[3:])
