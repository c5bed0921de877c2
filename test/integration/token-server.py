#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gives out tokens for docker-registry: token-server.py KEY CERTIFICATE USER:PASSWORD REFRESH-TOKEN LOG

GET /token?service=…&scope=… with Basic credentials or, for the repositories public/…, without; POST with
grant_type=refresh_token (OAuth 2.0). LOG gets a line "METHOD USER SCOPE STATUS" for
each request.
"""

import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

from serving import serve

key, certificate, account, refresh_token, log = sys.argv[1:]


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(text):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, stdout=subprocess.PIPE, check=True).stdout


def make_token(service, scope):
    with open(certificate) as f:
        pem = "".join(line.strip() for line in f if not line.startswith("-----"))
    now = int(time.time())
    kind, name, actions = scope.split(":")
    header = {"typ": "JWT", "alg": "RS256", "x5c": [pem]}
    claims = {
        "iss": "test",
        "sub": "",
        "aud": service,
        "exp": now + 300,
        "nbf": now - 60,
        "iat": now,
        "jti": str(now),
        "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
    }
    text = encode(header) + b"." + encode(claims)
    return (text + b"." + encode(sign(text))).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, user, query, member):
        scope = query.get("scope", [""])[0]
        allowed = user is not None or scope.startswith("repository:public/")
        status = 200 if allowed and scope else 401
        with open(log, "a") as f:
            f.write("%s %s %s %d\n" % (self.command, user, scope, status))
        body = {"errors": [{"code": "UNAUTHORIZED", "message": "wrong credentials"}]}
        if status == 200:
            body = {member: make_token(query["service"][0], scope), "expires_in": 300}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        user = None
        if "Authorization" in self.headers:
            kind, value = self.headers["Authorization"].split()
            given = base64.b64decode(value).decode()
            user = given.split(":")[0] if kind == "Basic" and given == account else None
        self.answer(user, urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query), "token")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = urllib.parse.parse_qs(body)
        good = query["grant_type"] == ["refresh_token"] and query["refresh_token"] == [refresh_token]
        self.answer("refreshed" if good else None, query, "access_token")

    def log_message(self, *arguments):
        pass


serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
