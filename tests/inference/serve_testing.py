"""What the tests that run the built leeway-serve share: a process, HTTP calls, artifacts. Standard library only."""
import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import time

DEADLINE_S = 20


class Replica:
    """One leeway-serve on a data folder; start it again after stop or kill."""

    def __init__(self, program, folder, *options):
        self.program, self.folder, self.options = program, pathlib.Path(folder), options
        self.port_file = self.folder / "port"
        self.process, self.port = None, None

    def start(self):
        self.port_file.unlink(missing_ok=True)
        self.log = open(self.folder / "log.txt", "ab")
        self.process = subprocess.Popen(
            [self.program, "--data", self.folder / "data", "--port-file", self.port_file, *self.options],
            stdout=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + DEADLINE_S
        while not (self.port_file.exists() and self.port_file.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"leeway-serve did not start:\n{(self.folder / 'log.txt').read_text()}")
            time.sleep(0.01)
        self.port = int(self.port_file.read_text())
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def call(self, method, path, body=None, headers=None):
        """Returns (status, headers, body as bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        if isinstance(body, dict):
            body = json.dumps(body)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def get_json(self, path):
        status, _, body = self.call("GET", path)
        assert status == 200, f"GET {path}: {status} {body!r}"
        return json.loads(body)

    def push(self, path):
        status, _, body = self.call("PUT", f"/leeway/v1/artifacts/{path.stem}", path.read_bytes())
        assert status in (200, 201), f"push: {status} {body!r}"

    def desire(self, state, expected=200):
        status, _, body = self.call("PUT", "/leeway/v1/models/loan/desired", state)
        assert status == expected, f"desired {state}: expected {expected}, got {status} {body!r}"


def make_artifacts(tool, folder, n):
    """n good versions and, last, one that does not reproduce its golden rows; paths."""
    out = subprocess.run([tool, folder, str(n)], check=True, capture_output=True, text=True).stdout
    return [pathlib.Path(folder) / f"{sha256}.safetensors" for sha256 in out.split()]


def new_folder():
    return tempfile.TemporaryDirectory(prefix="leeway-test-")


def version(path, label, **more):
    return {"sha256": path.stem, "label": label, **more}


REQUEST = {"inputs": [{"name": "age", "shape": [1], "datatype": "FP32", "data": [41.5]},
                      {"name": "zip", "shape": [1], "datatype": "BYTES", "data": ["a"]},
                      {"name": "ssn", "shape": [1], "datatype": "BYTES", "data": ["123"]}]}
