#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A registry that answers as the test says: scripted-registry.py LAYOUT RULES LOG

It serves an OCI layout: NAME of it is NAME:latest, and the tag NAME of any other repository. RULES is a file with a JSON array,
read anew for each request; the first rule whose "match", a regular expression, is found in "METHOD PATH", and
that has not been used "times" times yet, changes the answer:

    status    instead of 200
    headers   more or other header fields; null removes one; NAME in a value is the last part of the path
    body      this text instead of the content
    file      the content of this file
    cut       hang up after that many bytes
    endless   go on sending for ever
    pause     seconds to wait after each kilobyte
    stall     send the header and then nothing
    flood     a header field of that many bytes

LOG gets a line "METHOD PATH STATUS" for each request, with the Authorization field behind it if there is one.
"""

import hashlib
import http.server
import json
import os
import re
import sys
import threading
import time

from serving import serve

layout, rules_path, log_path = sys.argv[1:]
used = {}
lock = threading.Lock()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def find_rule(request):
    try:
        rules = json.loads(read(rules_path))
    except FileNotFoundError:
        return {}
    with lock:
        for rule in rules:
            key = json.dumps(rule, sort_keys=True)
            if re.search(rule["match"], request) and used.get(key, 0) < rule.get("times", 1 << 30):
                used[key] = used.get(key, 0) + 1
                return rule
    return {}


def content(path):
    """What the layout holds for the path of a request: bytes and media type, or None."""
    m = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/([^/]+)", path)
    if not m:
        return None
    repository, kind, name = m.groups()
    if name == "latest":
        name = repository.split("/")[-1]
    index = json.loads(read(layout + "/index.json"))
    for entry in index["manifests"]:
        if kind == "manifests" and name in (entry["annotations"]["org.opencontainers.image.ref.name"], entry["digest"]):
            return read(layout + "/blobs/sha256/" + entry["digest"][7:]), entry["mediaType"]
    blob = layout + "/blobs/" + name.replace(":", "/")
    if kind == "blobs" and os.path.exists(blob):
        return read(blob), "application/octet-stream"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        rule = find_rule(self.command + " " + self.path)
        found = (b"{}", "application/json") if self.path == "/v2/" else content(self.path.split("?")[0])
        status = rule.get("status", 200 if found or "body" in rule or "file" in rule else 404)
        body, media_type = found or (b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here"}]}', "application/json")
        if "body" in rule:
            body = rule["body"].encode()
        if "file" in rule:
            body = read(rule["file"])
        headers = {"Content-Type": media_type, "Content-Length": str(len(body))}
        if found and "/manifests/" in self.path and "body" not in rule and "file" not in rule:
            headers["Docker-Content-Digest"] = "sha256:" + hashlib.sha256(body).hexdigest()
        start = 0
        m = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if m and status == 200 and int(m.group(1)) < len(body):
            start, status = int(m.group(1)), 206
            headers["Content-Range"] = "bytes %d-%d/%d" % (start, len(body) - 1, len(body))
            headers["Content-Length"] = str(len(body) - start)
        self.note(status)
        for name, value in rule.get("headers", {}).items():
            headers[name] = value and value.replace("NAME", self.path.split("/")[-1])
        if rule.get("endless"):
            headers["Content-Length"] = None
            headers["Connection"] = "close"
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        if "flood" in rule:
            for _ in range(rule["flood"] // 1000):
                self.send_header("X-Flood", "x" * 988)
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(rule, body[start:])

    def send_body(self, rule, body):
        if rule.get("stall"):
            time.sleep(600)
        if "cut" in rule:
            body = body[: rule["cut"]]
        step = 1024 if "pause" in rule else 1 << 20
        for i in range(0, len(body), step):
            self.wfile.write(body[i : i + step])
            self.wfile.flush()
            if "pause" in rule:
                time.sleep(rule["pause"])
        while rule.get("endless"):
            self.wfile.write(b" " * 65536)
        if "cut" in rule:
            self.close_connection = True

    def note(self, status):
        with lock, open(log_path, "a") as f:
            fields = [self.command, self.path, str(status), self.headers.get("Authorization")]
            f.write(" ".join(filter(None, fields)) + "\n")

    def guarded(self):
        try:
            self.answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = guarded

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.guarded()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
serve(server)
