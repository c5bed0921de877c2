# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the servers of the tests have in common: the file that PORT_FILE names tells on which port one listens, once it does."""

import os
import ssl


def serve(server, certificate=None, key=None):
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    port_file = os.environ["PORT_FILE"]
    with open(port_file + ".new", "w") as f:
        f.write(str(server.server_port))
    os.rename(port_file + ".new", port_file)
    server.serve_forever()
