"""stage.py - the demo's processes: a whole Leeway on loopback, on ports the system chooses, in one folder.

Everything is started in a session of its own, so that Ctrl-C reaches the demo alone, and is stopped by the demo,
by pid. Nothing else on the machine is touched.
"""
import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

START_DEADLINE_S = 20
STOP_DEADLINE_S = 15
MARK = ".leeway-demo"  # only folders that hold it are wiped


class DemoError(Exception):
    """Something a person should read; the demo ends with it."""


class Program:
    """One process with its log."""

    def __init__(self, name, argv, folder):
        self.name, self.argv = name, [str(a) for a in argv]
        self.log_file = folder / f"{name}.log"
        self.port_file = folder / f"{name}.port"
        self.popen, self.url = None, None

    def start(self, port):
        argv = self.argv + ["--listen", f"127.0.0.1:{port}", "--port-file", str(self.port_file)]
        with open(self.log_file, "ab") as log:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          start_new_session=True)
        deadline = time.monotonic() + START_DEADLINE_S
        while not (self.port_file.exists() and self.port_file.read_text().strip()):
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"{self.name} did not start; the end of {self.log_file}:\n{self.log_tail()}")
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{int(self.port_file.read_text())}"

    def log_tail(self):
        return self.log_file.read_text(errors="replace")[-1500:]

    def ask_to_stop(self):
        if self.popen and self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)

    def wait(self):
        if not self.popen:
            return
        try:
            self.popen.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            print(f"{self.name} did not stop within {STOP_DEADLINE_S} s and is killed", file=sys.stderr)
            self.popen.kill()
            self.popen.wait()


class Stage:
    """leewayd, a trainer, replicas, and one frozen replica that is no part of the fleet."""

    def __init__(self, bin_dir, folder):
        self.bin, self.folder = pathlib.Path(bin_dir), pathlib.Path(folder)
        self.programs = []
        self.trainer = self.daemon = self.frozen = None
        self.replicas = []
        self.fleet_file = self.folder / "fleet.json"

    def wipe(self):
        if self.folder.exists():
            if any(self.folder.iterdir()) and not (self.folder / MARK).exists():
                raise DemoError(f"{self.folder} holds something that is not the demo's; choose another --work")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / MARK).touch()

    def remove(self):
        shutil.rmtree(self.folder)

    def program(self, name, executable, *options, port=0):
        p = Program(name, [self.bin / executable, "--data", self.folder / name, *options], self.folder)
        self.programs.append(p)
        p.start(port)
        return p

    def start(self, n_replicas, dashboard_port, fault_injection):
        drill = ["--allow-fault-injection"] if fault_injection else []
        self.trainer = self.program("trainer", "leeway-trainer", *drill)
        for i in range(1, n_replicas + 1):
            self.replicas.append(self.program(f"replica{i}", "leeway-serve", "--name", f"replica{i}"))
        self.frozen = self.program("frozen", "leeway-serve", "--name", "frozen")
        targets = [urllib.parse.urlsplit(r.url).netloc for r in self.replicas]
        self.fleet_file.write_text(json.dumps([{"targets": targets}], indent=2) + "\n")
        self.daemon = self.program("leewayd", "leewayd", "--fleet", self.fleet_file, "--trainer", self.trainer.url,
                                   "--collect-interval", "200ms", "--tick-interval", "200ms", port=dashboard_port)

    def stop(self):
        for p in reversed(self.programs):
            p.ask_to_stop()
        for p in reversed(self.programs):
            p.wait()

    def cli(self, *words, stdin=None):
        """Runs `leeway ...` against the demo's leewayd; returns its stdout."""
        argv = [str(self.bin / "leeway"), *map(str, words), "--server", self.daemon.url]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, start_new_session=True)
        if done.returncode != 0:
            raise DemoError(f"leeway {' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def pin_frozen(self, model, version):
        """Gives the frozen replica a version for good. leewayd does not know this replica."""
        sha256 = version["sha256"]
        artifact = (self.folder / "leewayd" / "artifacts" / f"{sha256}.safetensors").read_bytes()
        call(self.frozen.url, f"/leeway/v1/artifacts/{sha256}", "PUT", artifact)
        call(self.frozen.url, f"/leeway/v1/models/{model}/desired", "PUT",
             {"generation": 1, "champion": {"sha256": sha256, "label": version["label"]}, "candidate": None,
              "shadow": False, "warm": [], "salt": model, "observe": {"sample": 0.0}})


def call(url, path, method="GET", body=None, timeout_s=30):
    """The answer's JSON; anything but 2xx is a DemoError."""
    raw = isinstance(body, bytes)
    data = body if raw or body is None else json.dumps(body).encode()
    kind = "application/octet-stream" if raw else "application/json"
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=timeout_s)
    try:
        connection.request(method, path, data, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise DemoError(f"{method} {url}{path}: {error}") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DemoError(f"{method} {url}{path}: {answer.status} {text.decode(errors='replace')[:500]}")
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return json.loads(text) if is_json and text else text.decode()
