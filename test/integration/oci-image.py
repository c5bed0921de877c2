#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds an image to an OCI layout, byte for byte as the test says: oci-image.py LAYOUT NAME LAYER…

A LAYER is FILE.tar[=gzip|zstd|plain], the lowest first. --config JSON is the member "config" of the
configuration, --arch its architecture.
"""

import argparse
import gzip
import hashlib
import json
import os
import subprocess

OCI = "application/vnd.oci.image."
SUFFIXES = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}

parser = argparse.ArgumentParser()
parser.add_argument("--config", default="{}")
parser.add_argument("--arch", default="amd64")
parser.add_argument("layout")
parser.add_argument("name")
parser.add_argument("layers", nargs="*")
args = parser.parse_args()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def add(data, media_type):
    with open(os.path.join(args.layout, "blobs/sha256", digest(data)[7:]), "wb") as f:
        f.write(data)
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def compress(data, method):
    if method == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if method == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


os.makedirs(os.path.join(args.layout, "blobs/sha256"), exist_ok=True)
layers, diff_ids = [], []
for layer in args.layers:
    path, _, method = layer.partition("=")
    with open(path, "rb") as f:
        data = f.read()
    diff_ids.append(digest(data))
    method = method or "gzip"
    layers.append(add(compress(data, method), OCI + "layer.v1.tar" + SUFFIXES[method]))

config = {
    "architecture": args.arch,
    "os": "linux",
    "created": "2026-01-02T03:04:05Z",
    "config": json.loads(args.config),
    "rootfs": {"type": "layers", "diff_ids": diff_ids},
}
manifest = {
    "schemaVersion": 2,
    "mediaType": OCI + "manifest.v1+json",
    "config": add(json.dumps(config).encode(), OCI + "config.v1+json"),
    "layers": layers,
}
entry = add(json.dumps(manifest).encode(), OCI + "manifest.v1+json")
entry["platform"] = {"os": "linux", "architecture": args.arch}
entry["annotations"] = {"org.opencontainers.image.ref.name": args.name}

index_path = os.path.join(args.layout, "index.json")
index = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": []}
if os.path.exists(index_path):
    with open(index_path) as f:
        index = json.load(f)
index["manifests"] = [
    m for m in index["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] != args.name
] + [entry]
with open(index_path, "w") as f:
    json.dump(index, f)
with open(os.path.join(args.layout, "oci-layout"), "w") as f:
    json.dump({"imageLayoutVersion": "1.0.0"}, f)
print(entry["digest"])
