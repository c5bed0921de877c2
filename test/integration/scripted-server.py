#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP server that answers as the test says: scripted-server.py DIRECTORY LOG PORT-FILE

For DIRECTORY/X, these files beside it change the answer: X.etag, X.cache-control, X.location (a redirect),
X.status, X.cut (hang up after that many bytes), X.hold (stop in the middle as long as that exists).
"""

import http.server
import os
import sys
import time

directory, log, port_file = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def setting(self, name):
        try:
            with open(directory + self.path.split("?")[0] + "." + name) as f:
                return f.read().strip()
        except FileNotFoundError:
            return None

    def note(self, status):
        with open(log, "a") as f:
            f.write("%s %d\n" % (self.path, status))

    def do_GET(self):
        location, etag, status = self.setting("location"), self.setting("etag"), int(self.setting("status") or 200)
        if location:
            status = 302
        elif etag and self.headers.get("If-None-Match") == etag:
            status = 304
        self.note(status)
        body = b"error\n"
        if status == 200:
            with open(directory + self.path.split("?")[0], "rb") as f:
                body = f.read()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        if etag:
            self.send_header("ETag", etag)
        if self.setting("cache-control"):
            self.send_header("Cache-Control", self.setting("cache-control"))
        self.send_header("Content-Length", "0" if status == 304 else str(len(body)))
        self.end_headers()
        if status != 304:
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            while self.setting("hold") is not None:
                time.sleep(0.02)
            self.wfile.write(body[half:int(self.setting("cut") or len(body))])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
