#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP server that answers as the test says: scripted-server.py DIRECTORY LOG [CERTIFICATE KEY]

For DIRECTORY/X, files beside it change the answer:
  X.etag, X.last-modified, X.cache-control, X.retry-after  header fields
  X.location     a redirect, with X.status if that is there (302)
  X.status       statuses, one for each request, the last one for all that follow
  X.range        "yes": parts can be asked for; "no-if-range": If-Range is not looked at; "shifted": the part that
                 is sent begins elsewhere; "416": there is no such part, ever
  X.cut          hang up after that many bytes; X.cuts: only that many times
  X.hold         stop in the middle as long as that exists
  X.rate         bytes a second
  X.length       what Content-Length says instead of the truth
  X.endless      the body never ends
  X.header-size  so many bytes of header fields more
  X.raw          what is sent instead of a response
  X.drip         the header fields come byte by byte, a second each

LOG gets a line for each request: PATH STATUS range=… if-range=… auth=…
It is a proxy, too: then PATH is a whole URL, or HOST:PORT for https.
"""

import http.server
import socket
import sys
import threading
import time
import urllib.parse

from serving import serve

directory, log = sys.argv[1:3]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def file(self):
        return directory + urllib.parse.urlsplit(self.path).path

    def setting(self, name):
        try:
            with open(self.file() + "." + name) as f:
                return f.read().strip()
        except FileNotFoundError:
            return None

    def set(self, name, value):
        with open(self.file() + "." + name, "w") as f:
            f.write(value)

    def next_status(self):
        with lock:
            statuses = (self.setting("status") or "200").split()
            if len(statuses) > 1:
                self.set("status", " ".join(statuses[1:]))
        return int(statuses[0])

    def note(self, status):
        with lock, open(log, "a") as f:
            f.write("%s %d range=%s if-range=%s auth=%s\n" % (
                self.path, status, self.headers.get("Range", ""), self.headers.get("If-Range", ""),
                self.headers.get("Authorization", "")))

    def part(self, body):
        """The first byte of what is asked for, 0 for all; None: that cannot be had."""
        mode, wanted = self.setting("range"), self.headers.get("Range")
        if not mode or not wanted:
            return 0
        if mode == "416":
            return None
        condition = self.headers.get("If-Range")
        if mode != "no-if-range" and condition and condition not in (self.setting("etag"), self.setting("last-modified")):
            return 0
        first = int(wanted.removeprefix("bytes=").split("-")[0])
        return first if first < len(body) else None

    def cut(self):
        """After how many bytes to hang up; None: never."""
        with lock:
            cut, cuts = self.setting("cut"), self.setting("cuts")
            if cut is None or cuts == "0":
                return None
            if cuts:
                self.set("cuts", str(int(cuts) - 1))
            return int(cut)

    def send_fields(self, status, length, first, total):
        fields = [("Location", self.setting("location")), ("ETag", self.setting("etag")),
                  ("Last-Modified", self.setting("last-modified")), ("Cache-Control", self.setting("cache-control")),
                  ("Retry-After", self.setting("retry-after") if status >= 400 else None), ("Connection", "close")]
        if status == 206:
            first += 7 if self.setting("range") == "shifted" else 0
            fields.append(("Content-Range", "bytes %d-%d/%d" % (first, total - 1, total)))
        if status == 416:
            fields.append(("Content-Range", "bytes */%d" % total))
        if not self.setting("endless"):
            fields.append(("Content-Length", self.setting("length") or str(length)))
        for i in range(int(self.setting("header-size") or 0) // 1000):
            fields.append(("X-Filler-%d" % i, "x" * 1000))
        self.send_response(status)
        for name, value in fields:
            if value is not None:
                self.send_header(name, value)
        if self.setting("drip"):
            self.flush_headers()
            for byte in b"X-Drip: " + b"d" * 100 + b"\r\n":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        self.end_headers()
        self.wfile.flush()

    def send_slowly(self, body, rate):
        for i in range(0, len(body), max(rate // 10, 1)):
            self.wfile.write(body[i:i + max(rate // 10, 1)])
            self.wfile.flush()
            time.sleep(0.1)

    def send_body(self, body):
        half = len(body) // 2
        if self.setting("rate"):
            self.send_slowly(body, int(self.setting("rate")))
            return
        self.wfile.write(body[:half])
        self.wfile.flush()
        while self.setting("hold") is not None:
            time.sleep(0.02)
        self.wfile.write(body[half:])
        while self.setting("endless"):
            self.wfile.write(bytes(65536))

    def do_GET(self):
        etag, status, body, first = self.setting("etag"), self.next_status(), b"error\n", 0
        self.close_connection = True
        if self.setting("raw") is not None:
            self.wfile.write(self.setting("raw").encode().decode("unicode_escape").encode("latin-1"))
            return
        if self.setting("location"):
            status = status if 300 <= status < 400 else 302
        elif status == 200 and etag and self.headers.get("If-None-Match") == etag:
            status = 304
        if status == 200:
            with open(self.file(), "rb") as f:
                body = f.read()
            first = self.part(body)
            if first is None:
                status, total, body, first = 416, len(body), b"no such part\n", 0
            elif first > 0:
                status = 206
        self.note(status)
        if status != 416:
            total = len(body)
        body = b"" if status == 304 else body[first:]
        cut = self.cut() if status in (200, 206) else None
        try:
            self.send_fields(status, len(body), first, total)
            if self.command != "HEAD":
                self.send_body(body if cut is None else body[:cut])
        except OSError:
            pass # the other side has gone

    do_HEAD = do_GET

    def do_CONNECT(self):
        self.note(200)
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=self.pass_on, args=(other, self.connection))
            back.start()
            self.pass_on(self.connection, other)
            back.join()
        self.close_connection = True

    def pass_on(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64


serve(Server(("0.0.0.0", 0), Handler), *sys.argv[3:])
