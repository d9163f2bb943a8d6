"""stack.py - a whole Leeway on loopback for system tests: real processes, ports chosen by the system.

    with Stack(bin_dir) as s:
        s.start_trainer(); s.start_replicas(2); s.start_daemon()

Every process is started and stopped by pid; nothing else is touched. Waits have deadlines and say what they
were waiting for.
"""
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

SCHEMA = {
    "model": "shop",
    "features": [
        {"name": "amount", "type": "numeric"},
        {"name": "age", "type": "numeric"},
        {"name": "channel", "type": "categorical", "categories": ["web", "app", "store"]},
    ],
    "label": {"name": "fraud", "type": "binary", "classes": ["no", "yes"]},
}

POLICY = """
leeway: 1
model: shop
window: {rows: 500}
monitors:
  - {name: inputs, kind: drift, statistic: psi, false_alarm_rate: 0.1%}
  - {name: accuracy, kind: performance, metric: accuracy, rows: 500, min_rows: 200, confidence: 99%}
triggers:
  - {name: accuracy-fell, kind: performance_drop, monitor: accuracy, drop: 30%, windows: 1}
guards: {cooldown: none, max_runs_per_day: 1000, min_labelled_rows: 0}
train:
  window: {rows: 3000}
  holdout_rows: 300
  parameters: {algorithm: auto, epochs: 5}
  deadline: 1m
  memory: 2G
gate: {enabled: false}
rollout:
  shadow: {enabled: true, min_requests: 20, max_time: 1m}
  steps:
    - {weight: 20%, min_requests: 10, max_time: 1m}
    - {weight: 60%, min_requests: 20, max_time: 1m}
  abort: {error_rate_increase: 5%, latency_p99_ratio: off, prediction_js: 0.5, metric_drop: 20%, confidence: 99%}
  on_timeout: rollback
"""


def make_row(rng):
    """One row of a learnable world: large amounts of the young on the web are fraud."""
    amount, age, channel = rng.lognormvariate(3, 1), rng.randint(18, 90), rng.choice(["web", "app", "store"])
    score = 0.06 * amount - 0.05 * age + (1.0 if channel == "web" else -0.5)
    return [amount, age, channel], "yes" if score + rng.gauss(0, 0.5) > 0 else "no"


class Process:
    def __init__(self, name, argv, folder, env=None):
        self.name, self.argv, self.folder, self.env = name, argv, folder, env
        self.url, self.popen = None, None

    def start(self, port=0, timeout=20):
        """Starts, or starts again on the port it had."""
        argv = self.argv + ["--listen", f"127.0.0.1:{port}"]
        out = os.path.join(self.folder, f"{self.name}.out")
        with open(out, "w") as stdout, open(os.path.join(self.folder, f"{self.name}.err"), "a") as stderr:
            self.popen = subprocess.Popen(argv, stdout=stdout, stderr=stderr, env=self.env)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            with open(out) as f:
                text = f.read()
            if "listening on" in text:
                self.url = text.split("listening on ")[1].split()[0]
                return self
            if self.popen.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"{self.name} did not come up:\n{self.log()[-2000:]}")

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def kill(self):
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def restart(self):
        port = self.port
        for attempt in range(50):
            try:
                return self.start(port)
            except AssertionError:
                if attempt == 49 or "in use" not in self.log()[-400:]:
                    raise
                time.sleep(0.1)

    def stop(self, timeout=15):
        if self.popen is None or self.popen.poll() is not None:
            return self.popen.returncode if self.popen else 0
        self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not stop within {timeout} s")

    def log(self):
        with open(os.path.join(self.folder, f"{self.name}.err"), errors="replace") as f:
            return f.read()


def call(url, method="GET", body=None, headers=None, timeout=15):
    """(status, parsed JSON or bytes); (0, reason) where nobody answered."""
    host, path = url.split("//", 1)[1].split("/", 1) if "/" in url.split("//", 1)[1] else (url.split("//", 1)[1], "")
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    if isinstance(body, str):
        data = body.encode()
    connection = http.client.HTTPConnection(host, timeout=timeout)
    try:
        connection.request(method, "/" + path, data, headers or {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            return answer.status, json.loads(text)
        return answer.status, text
    except (OSError, http.client.HTTPException) as e:
        return 0, repr(e)
    finally:
        connection.close()


class Stack:
    def __init__(self, bin_dir, keep=False):
        self.bin, self.keep = bin_dir, keep
        self.folder = tempfile.mkdtemp(prefix="leeway-test-")
        self.processes, self.replicas, self.trainer, self.daemon = [], [], None, None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        failures = []
        for p in reversed(self.processes):
            try:
                code = p.stop()
                if code not in (0, -signal.SIGKILL):  # a sanitizer's finding, for one
                    failures.append(f"{p.name} ended with {code}:\n{p.log()[-4000:]}")
            except AssertionError as e:
                failures.append(str(e))
        if kind is not None:
            for p in self.processes:
                print(f"==== {p.name}\n{p.log()[-3000:]}")
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        if failures and kind is None:
            raise AssertionError("; ".join(failures))

    def process(self, name, program, *args):
        p = Process(name, [os.path.join(self.bin, program), *args], self.folder)
        self.processes.append(p)
        return p

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start_trainer(self, *args):
        self.trainer = self.process("trainer", "leeway-trainer", "--data", self.path("trainer"), *args).start()
        return self.trainer

    def start_replicas(self, n, *args):
        for i in range(n):
            p = self.process(f"replica{i}", "leeway-serve", "--data", self.path(f"replica{i}"), "--name", f"r{i}", *args)
            self.replicas.append(p.start())
        self.write_fleet()

    def write_fleet(self):
        with open(self.path("fleet.json.new"), "w") as f:
            json.dump([{"targets": [r.url.split("//")[1] for r in self.replicas]}], f)
        os.replace(self.path("fleet.json.new"), self.path("fleet.json"))

    def start_daemon(self, *args, data=None):
        self.daemon = self.process("leewayd", "leewayd", "--data", data or self.path("leewayd"), "--fleet",
                                   self.path("fleet.json"), "--trainer", self.trainer.url, "--collect-interval",
                                   "100ms", "--tick-interval", "100ms", *args).start()
        return self.daemon

    # ---- the control API ----

    def api(self, path, method="GET", body=None, timeout=15):
        return call(self.daemon.url + path, method, body, timeout=timeout)

    def api_ok(self, path, method="GET", body=None, patience=30):
        """The answer's document; tries again while nobody answers."""
        end = time.monotonic() + patience
        while True:
            status, document = self.api(path, method, body)
            if 200 <= status < 300:
                return document
            if status != 0 and status != 503 or time.monotonic() > end:
                raise AssertionError(f"{method} {path}: {status} {document}")
            time.sleep(0.05)

    def create_model(self, policy=POLICY, rows=2000, seed=1):
        rng = random.Random(seed)
        self.api_ok("/v1/models", "POST", {"schema": SCHEMA, "policy": policy})
        start = int(time.time() * 1000) - rows * 1000
        batch = []
        for i in range(rows):
            x, label = make_row(rng)
            batch.append({"id": f"history{i}", "time_unix_ms": start + i * 1000, "x": x, "label": label})
        for i in range(0, rows, 1000):
            self.api_ok("/v1/models/shop/import", "POST", {"rows": batch[i:i + 1000]})

    def retrain(self, reason="test"):
        return self.api_ok("/v1/models/shop/retrain", "POST", {"reason": reason})["id"]

    def run(self, run_id):
        return self.api_ok(f"/v1/runs/{run_id}")

    def put_policy(self, policy):
        status, document = call(self.daemon.url + "/v1/models/shop/policy", "PUT", policy)
        assert status == 200, (status, document)

    def reach(self, run_id, *states, timeout=30):
        """The run in one of the states; fails at once where it has ended in another."""
        def there():
            run = self.run(run_id)
            assert not run["done"] or run["state"] in states, (states, run["state"], run["reason"])
            return run if run["state"] in states else None
        return self.wait(f"{run_id} to be {' or '.join(states)}", there, timeout)

    def wait(self, what, condition, timeout=60):
        """The first true value of condition()."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"waited {timeout} s in vain for: {what}")

    def wait_run(self, run_id, timeout=60):
        def ended():
            run = self.run(run_id)
            return run if run["done"] else None
        return self.wait(f"the end of run {run_id}", ended, timeout)

    def first_version(self):
        run = self.wait_run(self.retrain("first version"))
        assert run["state"] == "promoted", run
        self.wait("every replica serves v1", lambda: all(
            call(r.url + "/v2/models/shop/ready")[0] == 200 for r in self.replicas))
        return run


class Traffic(threading.Thread):
    """Clients: one request after the other, each tried on another replica until it is answered; its label soon
    after, tried until it is accepted."""

    def __init__(self, stack, rate=150, seed=7, label_delay=30):
        super().__init__(daemon=True)
        self.stack, self.rate, self.rng, self.label_delay = stack, rate, random.Random(seed), label_delay
        self.answered, self.labelled, self.errors, self.unanswered = 0, 0, [], 0
        self.ending = threading.Event()

    def infer(self, i, x):
        body = {"id": f"q{i}", "inputs": [
            {"name": "amount", "datatype": "FP64", "shape": [1], "data": [x[0]]},
            {"name": "age", "datatype": "FP64", "shape": [1], "data": [x[1]]},
            {"name": "channel", "datatype": "BYTES", "shape": [1], "data": [x[2]]}]}
        for attempt in range(400):
            replica = self.stack.replicas[(i + attempt) % len(self.stack.replicas)]
            status, document = call(replica.url + "/v2/models/shop/infer", "POST", body, timeout=5)
            if status == 200:
                return True
            if status != 0:
                self.errors.append((i, status, document))
            self.unanswered += status == 0
            time.sleep(0.02)
        self.errors.append((i, 0, "never answered"))
        return False

    def send_labels(self, labels):
        while labels:
            status, document = self.stack.api("/v1/models/shop/labels", "POST", {"labels": labels}, timeout=5)
            if status == 200:
                self.labelled += len(labels)
                return
            if status not in (0, 503, 507):
                self.errors.append(("labels", status, document))
                return
            time.sleep(0.05)

    def run(self):
        waiting, i = [], 0
        while not self.ending.is_set():
            x, label = make_row(self.rng)
            if self.infer(i, x):
                self.answered += 1
                waiting.append({"id": f"q{i}", "label": label})
            i += 1
            if len(waiting) >= 2 * self.label_delay:
                self.send_labels(waiting[:self.label_delay])
                del waiting[:self.label_delay]
            time.sleep(1 / self.rate)
        self.send_labels(waiting)

    def finish(self, timeout=60):
        self.ending.set()
        self.join(timeout)
        assert not self.is_alive(), "traffic did not end"
