"""monitors.py BIN_DIR - monitors that keep their promise, with real processes.

A window's performance is estimated before any label; labels of the old rule leave the test for harm silent; the
rule changes while the inputs stay as they are, which no monitor of inputs can see and no estimate either, and
harm starts the run that ends it. What signals remember of their own past outlives kill -9.
"""
import random
import re
import sys

from stack import POLICY, Stack, call, make_row

MONITORS = """monitors:
  - {name: inputs, kind: drift, statistic: hellinger, false_alarm_every: 30d, lengths: 3}
  - {name: guess, kind: estimated_performance, metric: accuracy, min_rows: 100}
  - {name: hurt, kind: harm, on: error, min_rows: 50, rows_between_alarms: 10000}
triggers:
  - {name: hurts, kind: harm, monitor: hurt}
  - {name: guessed-worse, kind: performance_drop, monitor: guess, drop: 5%}
guards: {cooldown: none, max_runs_per_day: 1000, min_labelled_rows: 100}
"""
KEEPING = re.sub(r"(?s)monitors:.*?(?=train:)", MONITORS, POLICY.replace("rows: 500}", "rows: 200}", 1))
KEEPING = re.sub(r"(?s)rollout:.*", "rollout: {steps: []}\n", KEEPING)
FLIPPED = {"yes": "no", "no": "yes"}
BATCH = 50


class Clients:
    """Requests of some rows each, as fast as they are answered; the labels are kept until they are asked for."""

    def __init__(self, stack, seed):
        self.stack, self.rng, self.n_requests, self.labels = stack, random.Random(seed), 0, []

    def request(self, flipped):
        rows = [make_row(self.rng) for _ in range(BATCH)]
        name, columns = f"m{self.n_requests}", list(zip(*(x for x, _ in rows)))
        tensors = [{"name": n, "datatype": t, "shape": [BATCH], "data": list(c)}
                   for n, t, c in zip(("amount", "age", "channel"), ("FP64", "FP64", "BYTES"), columns)]
        replica = self.stack.replicas[self.n_requests % len(self.stack.replicas)]
        status, document = call(replica.url + "/v2/models/shop/infer", "POST", {"id": name, "inputs": tensors})
        assert status == 200, (status, document)
        self.labels += [{"id": f"{name}#{i}", "label": FLIPPED[y] if flipped else y} for i, (_, y) in enumerate(rows)]
        self.n_requests += 1

    def ask(self, n_rows, flipped=False):
        for _ in range(n_rows // BATCH):
            self.request(flipped)

    def send_labels(self):
        self.stack.api_ok("/v1/models/shop/labels", "POST", {"labels": self.labels})
        self.labels = []


def window_after(s, window):
    """The first closed window after that id."""
    def closed():
        later = [w for w in s.api_ok("/v1/models/shop/drift?windows=50")["windows"] if w["id"] > window]
        return later[0] if later else None
    return s.wait(f"a window after {window}", closed, 15)


def signal(window, monitor, feature):
    found = [x for x in window["signals"] if (x["monitor"], x["feature"]) == (monitor, feature)]
    assert len(found) == 1, (monitor, feature, window)
    return found[0]


def points(s):
    return s.api_ok("/v1/models/shop/performance")["points"]


def performance_is_estimated_before_any_label(s, clients):
    clients.ask(200)
    window = window_after(s, 0)
    guess = signal(window, "guess", "")
    assert guess["verdict"] == "ok" and abs(guess["value"] - guess["reference_value"]) < 0.05, guess
    assert points(s) == [], "nobody has sent a label"
    assert window["drifted"] == 0 and window["features"] == 3, window
    assert signal(window, "inputs", "age")["threshold"] > 0, window
    print(f"before any label\n    {guess['sentence']}", flush=True)
    return window


def signals_remember_after_a_kill(s, clients, window):
    s.daemon.kill()
    s.daemon.restart()
    clients.ask(200)
    later = window_after(s, window["id"])
    for monitor, feature in (("inputs", "age"), ("guess", "")):
        assert signal(window, monitor, feature)["history_n"] == 0, window
        after = signal(later, monitor, feature)
        assert after["history_n"] == 1 and after["history_rank"] in (0, 0.5, 1), after


def good_labels_are_no_harm(s, clients):
    clients.send_labels()
    point = s.wait("harm is tested", lambda: [p for p in points(s) if p["n"] >= 50])[-1]
    assert (point["monitor"], point["metric"], point["verdict"]) == ("hurt", "risk", "ok"), point
    assert len(s.api_ok("/v1/runs")["runs"]) == 1, "only the first version's"
    metrics = call(s.daemon.url + "/metrics")[1].decode()
    assert re.search(r'leewayd_performance_worse\{[^}]*monitor="hurt"[^}]*\} 0\n', metrics), metrics


def a_changed_rule_is_harm_and_starts_the_run(s, clients):
    clients.ask(300, flipped=True)
    clients.send_labels()
    run = s.wait("a run for harm", lambda: (lambda r: r[0] if len(r) == 2 else None)(s.api_ok("/v1/runs")["runs"]), 15)
    assert run["trigger"]["name"] == "hurts", run["trigger"]
    said = run["trigger"]["reason"]
    assert re.search(r"mean error [\d.]+ over \d+ labelled rows, the reference's 0\.\d+, tolerated up to .*: harm", said), said
    drifting = [x["sentence"] for w in s.api_ok("/v1/models/shop/drift?windows=50")["windows"] for x in w["signals"]
                if x["verdict"] == "drift"]
    assert drifting == [], "neither the inputs nor the estimate can know"
    run = s.reach(run["id"], "promoted")
    print(f"a changed rule: {run['candidate']['label']} {run['state']}\n    {said}", flush=True)


def main():
    with Stack(sys.argv[1]) as s:
        s.start_trainer()
        s.start_replicas(2)
        s.start_daemon()
        s.create_model(KEEPING)
        s.first_version()
        clients = Clients(s, seed=5)
        window = performance_is_estimated_before_any_label(s, clients)
        signals_remember_after_a_kill(s, clients, window)
        good_labels_are_no_harm(s, clients)
        a_changed_rule_is_harm_and_starts_the_run(s, clients)


main()
