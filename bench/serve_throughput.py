#!/usr/bin/env python3
"""Requests a second that one leeway-serve answers on this machine, and what a request costs it in CPU time: wrk on
loopback, one row as JSON, many rows as JSON, many rows as binary tensors; observation log on and off.
Usage: serve_throughput.py LEEWAY_SERVE MAKE_ARTIFACT [SECONDS]   (both are in the build's bin folder)"""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "inference"))
from serve_testing import Replica, make_artifacts, new_folder, version  # noqa: E402

MANY = 1000
CONNECTIONS = 8


def json_body(n):
    tensors = {"age": ("FP32", [20 + i % 50 + 0.125 for i in range(n)]),
               "zip": ("BYTES", ["ab"[i % 2] for i in range(n)]),
               "ssn": ("BYTES", ["1"] * n)}
    inputs = [{"name": k, "shape": [n], "datatype": t, "data": v} for k, (t, v) in tensors.items()]
    return {}, json.dumps({"inputs": inputs}).encode()


def binary_body(n):
    text = b"".join(struct.pack("<I", 1) + b"ab"[i % 2:i % 2 + 1] for i in range(n))
    parts = {"age": ("FP32", struct.pack(f"<{n}f", *(20 + i % 50 + 0.125 for i in range(n)))),
             "zip": ("BYTES", text), "ssn": ("BYTES", text)}
    inputs = [{"name": k, "shape": [n], "datatype": t, "parameters": {"binary_data_size": len(b)}}
              for k, (t, b) in parts.items()]
    head = json.dumps({"parameters": {"binary_data_output": True}, "outputs": [{"name": "score"}],
                       "inputs": inputs}).encode()
    return {"Inference-Header-Content-Length": str(len(head))}, head + b"".join(b for _, b in parts.values())


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(replica, name, n_rows, headers, body, seconds):
    script, data = replica.folder / "post.lua", replica.folder / "body"
    data.write_bytes(body)
    script.write_text(f"wrk.method = 'POST'\nlocal f = io.open('{data}', 'rb')\nwrk.body = f:read('*a')\n"
                      + "".join(f"wrk.headers['{k}'] = '{v}'\n" for k, v in headers.items()))
    before = cpu_seconds(replica.process.pid)
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script,
                          f"http://127.0.0.1:{replica.port}/v2/models/loan/infer"],
                         capture_output=True, text=True, check=True).stdout
    cpu = cpu_seconds(replica.process.pid) - before
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    n = int(re.search(r"(\d+) requests in", out)[1])
    p99 = re.search(r"99%\s+(\S+)", out)[1]
    print(f"{name:34} {n / seconds:9.0f} requests/s {n * n_rows / seconds:11.0f} rows/s "
          f"{1e6 * cpu / n:8.1f} us CPU/request   p99 {p99}")


def main():
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with new_folder() as folder:
        replica = Replica(sys.argv[1], folder, "--log-level", "error").start()
        artifact = make_artifacts(sys.argv[2], folder, 1)[0]
        replica.push(artifact)
        for generation, sample in enumerate((1.0, 0.0), 1):
            replica.desire({"generation": generation, "champion": version(artifact, "v1"),
                            "observe": {"sample": sample}})
            log = "log on" if sample else "log off"
            measure(replica, f"1 row, JSON, {log}", 1, *json_body(1), seconds)
            measure(replica, f"{MANY} rows, JSON, {log}", MANY, *json_body(MANY), seconds)
            measure(replica, f"{MANY} rows, binary, {log}", MANY, *binary_body(MANY), seconds)
        replica.stop()


main()
