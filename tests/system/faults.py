"""faults.py BIN_DIR - what breaks around leewayd, and comes back.

The way to the trainer is cut for a while; a replica dies in the middle of a canary; the fleet file is broken,
replicas leave and join. Each must be told clearly (log, /v1/status), tried again with backoff, and end with
nothing lost and nothing counted twice.
LEEWAY_OUTAGE_S is how long the trainer is away (default 5); from 30 on it is also stopped without a word.
"""
import os
import re
import selectors
import signal
import socket
import sys
import threading
import time

from stack import POLICY, Stack, Traffic, call

OUTAGE_S = float(os.environ.get("LEEWAY_OUTAGE_S", "5"))
LONG_CANARY = POLICY.replace("weight: 20%, min_requests: 10", "weight: 30%, min_requests: 60").replace(
    "weight: 60%, min_requests: 20", "weight: 60%, min_requests: 150")


class Proxy(threading.Thread):
    """A TCP way to a server that can be cut: connections die and new ones are refused, the server lives on."""

    def __init__(self, target):
        super().__init__(daemon=True)
        host, port = target.split("//")[1].split(":")
        self.target, self.port, self.open = (host, int(port)), 0, True
        self.selector, self.peers, self.wanted = selectors.DefaultSelector(), {}, threading.Event()
        self.wanted.set()
        self.listen()
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.selector.register(self.listener, selectors.EVENT_READ)

    def drop(self, one):
        for end in (one, self.peers.pop(one, None)):
            if end is not None and end.fileno() >= 0:
                self.peers.pop(end, None)
                self.selector.unregister(end)
                end.close()

    def accept(self):
        near = self.listener.accept()[0]
        try:
            far = socket.create_connection(self.target, 5)
        except OSError:
            near.close()
            return
        self.peers[near], self.peers[far] = far, near
        for end in (near, far):
            self.selector.register(end, selectors.EVENT_READ)

    def pass_on(self, one):
        try:
            data = one.recv(1 << 16)
            if data:
                self.peers[one].sendall(data)
                return
        except OSError:
            pass
        self.drop(one)

    def obey(self):
        if self.open and not self.wanted.is_set():
            self.selector.unregister(self.listener)
            self.listener.close()
            for one in list(self.peers):
                self.drop(one)
            self.open = False
        elif not self.open and self.wanted.is_set():
            self.listen()
            self.open = True

    def run(self):
        while True:
            self.obey()
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj in self.peers:
                    self.pass_on(key.fileobj)

    def cut(self):
        self.wanted.clear()

    def mend(self):
        self.wanted.set()


# ---- what leewayd says ----

def problems(s, beginning):
    return [p for p in s.api_ok("/v1/status")["problems"] if p.startswith(beginning)]


def log_events(s, event):
    return [line for line in s.daemon.log().splitlines() if f" event={event} " in line]


def all_collected(s, answered, labelled):
    """Every answered request is one observation, every label counts once; waits for it."""
    def whole():
        a = s.api_ok("/v1/models/shop/labels")
        return a if a["observations"] >= answered and a["owed"] == 0 else None
    account = s.wait("every answered request and label to be collected", whole, 40)
    assert account["observations"] == answered, (account, answered)
    assert account["labelled"] == labelled + account["imported"], (account, labelled)
    assert account["conflicts"] == 0 and account["waiting"] == 0 and account["observations_missed"] == 0, account
    audit = s.api_ok("/v1/audit/verify")
    assert audit["ok"], audit
    return account


# ---- the trainer is away ----

def wait_out(s, run_id, seconds):
    """While the trainer is away: the problem is told, the run waits and tries again, later each time."""
    began = time.monotonic()
    told = s.wait("the trainer's absence in /v1/status", lambda: problems(s, "trainer: "), 30)[0]
    assert s.api_ok("/v1/status")["trainer"]["state"] == "down"
    end = max(began + seconds, time.monotonic() + 1)
    while time.monotonic() < end:
        run = s.run(run_id)
        assert not run["done"], (run["state"], run["reason"])
        time.sleep(0.2)
    return told


def back_to_work(s, run_id, n_jobs):
    run = s.wait_run(run_id, 120)
    assert run["state"] == "promoted", (run["state"], run["reason"])
    s.wait("the problem to be gone", lambda: not problems(s, "trainer: "))
    jobs = [j for j in call(s.trainer.url + "/v1/jobs?limit=100")[1]["jobs"] if j["id"].startswith(run_id)]
    assert len(jobs) == n_jobs, jobs


def backoffs(s, run_id):
    """The waits that the log tells of, in seconds."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0}
    waits = []
    for line in log_events(s, "run_action_failed"):
        found = re.search(r"again in (?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?", line)
        if run_id in line and found:
            waits.append(sum(float(v) * units[u] for v, u in zip(found.groups(), ("m", "s", "ms")) if v))
    return waits


def trainer_state(s):
    return s.api_ok("/v1/status")["trainer"]["state"]


def trainer_away_unasked(s, proxy):
    """No run asks for it, and its absence is told all the same."""
    s.wait("the trainer to be known as up", lambda: trainer_state(s) == "up", 30)
    proxy.cut()
    told = s.wait("the trainer's absence in /v1/status", lambda: problems(s, "trainer: "), 30)[0]
    proxy.mend()
    s.wait("the trainer to be known as up again", lambda: trainer_state(s) == "up", 30)
    print(f"trainer away while no run is: \"{told}\"", flush=True)


def trainer_away(s, proxy):
    proxy.cut()
    run_id = s.retrain("while the trainer cannot be reached")
    told = wait_out(s, run_id, OUTAGE_S)
    proxy.mend()
    back_to_work(s, run_id, 1)
    waits = backoffs(s, run_id)
    assert len(waits) >= 3 and all(b >= a for a, b in zip(waits, waits[1:])) and waits[-1] > waits[0], waits
    print(f"trainer away for {OUTAGE_S:g} s before the job: \"{told}\"; tried again after {waits} s, promoted", flush=True)
    run_id = s.retrain("the trainer goes away during the job")
    s.reach(run_id, "submit", "train")
    proxy.cut()
    wait_out(s, run_id, 1)
    proxy.mend()
    back_to_work(s, run_id, 1)
    assert log_events(s, "trainer_down") and log_events(s, "trainer_up"), s.daemon.log()[-3000:]
    print("trainer away during the job: the same job, promoted", flush=True)


def trainer_silent(s):
    """It accepts connections and says nothing: calls end by their timeout."""
    run_id = s.retrain("while the trainer hangs")
    s.trainer.popen.send_signal(signal.SIGSTOP)
    try:
        told = wait_out(s, run_id, OUTAGE_S)
    finally:
        s.trainer.popen.send_signal(signal.SIGCONT)
    back_to_work(s, run_id, 1)
    print(f"trainer stopped for {OUTAGE_S:g} s: \"{told}\", promoted", flush=True)


# ---- a replica dies in the middle of a canary ----

def replica(s, name):
    found = [r for r in s.api_ok("/v1/replicas")["replicas"] if r["replica"] == name]
    return found[0] if found else None


def up_to_date(s, name):
    r = replica(s, name)
    m = r and r["state"] == "up" and [m for m in r["models"] if m["model"] == "shop"]
    return m[0] if m and m[0]["generation"] == m[0]["wanted_generation"] else None


def replica_dies(s, t):
    s.put_policy(LONG_CANARY)
    run_id = s.retrain("a replica dies in the canary")
    s.reach(run_id, "canary")
    s.replicas[1].kill()
    told = s.wait("the dead replica in /v1/status", lambda: problems(s, "r1: "))[0]
    seen = t.answered
    s.wait("requests to be answered by the others", lambda: t.answered > seen + 50)
    step = s.reach(run_id, "canary", "promote", "promoted")
    s.wait("the rollout to go on without it", lambda: s.run(run_id)["done"] or s.run(run_id)["step"] > 2)
    s.replicas[1].restart()
    run = s.wait_run(run_id)
    assert run["state"] == "promoted", (step, run["state"], run["reason"])
    model = s.wait("r1 to be brought up to date", lambda: up_to_date(s, "r1"))
    s.wait("r1 to be in /v1/status without a problem", lambda: not problems(s, "r1: "))
    state = call(s.replicas[1].url + "/leeway/v1/models/shop/state")[1]
    assert state["champion"]["sha256"] == run["candidate"]["sha256"], (state, run)
    print(f"replica killed in the canary: \"{told}\"; promoted, it runs generation {model['generation']} again", flush=True)


# ---- the fleet file ----

def break_fleet_file(s, text):
    with open(s.path("fleet.json.new"), "w") as f:
        f.write(text)
    os.replace(s.path("fleet.json.new"), s.path("fleet.json"))


def names(s):
    return sorted(r["replica"] for r in s.api_ok("/v1/replicas")["replicas"])


def fleet_file(s):
    whole = names(s)
    told = []
    for text, says in (('[{"targets": ["127.0.0.1:1"', "fleet.json:2:1: "), ('[\n {"targes": []}\n]', "fleet.json:2:2: ")):
        break_fleet_file(s, text)
        told.append(s.wait("the broken fleet file in /v1/status", lambda: [
            p for p in problems(s, "fleet file: ") if says in p], 20)[0])
        assert names(s) == whole, (names(s), whole)
    os.unlink(s.path("fleet.json"))
    told.append(s.wait("the missing fleet file in /v1/status", lambda: [
        p for p in problems(s, "fleet file: ") if "No such file" in p], 20)[0])
    assert names(s) == whole, (names(s), whole)
    s.write_fleet()
    s.wait("the problem to be gone", lambda: not problems(s, "fleet file: "))
    assert names(s) == whole, (names(s), whole)
    print("fleet file broken, fleet unchanged: " + "; ".join(f'"{t}"' for t in told), flush=True)


def fleet_changes(s):
    """One leaves and goes on serving what it served; a new one is given the champion."""
    gone = s.replicas.pop()
    s.write_fleet()
    s.wait("r2 to leave", lambda: names(s) == ["r0", "r1"])
    assert call(gone.url + "/v2/models/shop/ready")[0] == 200
    new = s.process("replica3", "leeway-serve", "--data", s.path("replica3"), "--name", "r3").start()
    s.replicas.append(new)
    s.write_fleet()
    s.wait("r3 to join", lambda: names(s) == ["r0", "r1", "r3"])
    model = s.wait("r3 to be given the champion", lambda: up_to_date(s, "r3"))
    assert call(new.url + "/v2/models/shop/ready")[0] == 200
    print(f"replica removed and another added: it runs {model['champion']}", flush=True)


def peers_come_and_go(bin_dir):
    with Stack(bin_dir) as s:
        s.start_trainer()
        s.start_replicas(3)
        proxy, real = Proxy(s.trainer.url), s.trainer.url
        s.trainer.url = proxy.url
        s.start_daemon()
        s.trainer.url = real
        s.create_model()
        s.first_version()
        t = Traffic(s)
        t.start()
        trainer_away_unasked(s, proxy)
        trainer_away(s, proxy)
        if OUTAGE_S >= 30:
            trainer_silent(s)
        replica_dies(s, t)
        t.finish()
        account = all_collected(s, t.answered, t.labelled)
        assert not t.errors, t.errors[:5]
        print(f"{t.answered} requests answered, {account['observations']} observations, {t.labelled} labels, "
              f"{account['labelled'] - account['imported']} counted", flush=True)
        fleet_file(s)
        fleet_changes(s)


if __name__ == "__main__":
    peers_come_and_go(sys.argv[1])
