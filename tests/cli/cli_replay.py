"""cli_replay.py - leeway replay against fake replicas and a fake leewayd that fail in every way a test wants."""
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from cli_testing import LEEWAY, Fake, closed_port, expect, expect_in, run, run_tests

SCHEMA = {"features": [{"name": "x", "type": "numeric"}], "label": {"name": "y", "type": "binary"}}


class World:
    """A replica says UP where x >= 0.5; the truth is UP where x >= 0.3."""

    def __init__(self, n_rows):
        self.lock = threading.Lock()
        self.served, self.labels, self.order = {}, {}, []
        self.in_flight = self.most_in_flight = 0
        self.label_answer = None  # (status, body) instead of taking them
        self.infer_answer = None  # function(name, id) -> (status, body) or None
        self.daemon = Fake(self.control)
        self.n_rows = n_rows
        self.csv = "x,y\n" + "".join(f"{i * 37 % 100 / 100},{'UP' if i * 37 % 100 >= 30 else 'DOWN'}\n"
                                     for i in range(n_rows))

    def replica(self, name="v1", limit=0.5, slow=0.0):
        def reply(method, path, body, headers):
            with self.lock:
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                time.sleep(slow)
                return self.infer(name, limit, path, json.loads(body))
            finally:
                with self.lock:
                    self.in_flight -= 1
        return Fake(reply)

    def infer(self, name, limit, path, request):
        special = self.infer_answer and self.infer_answer(name, request["id"])
        if special:
            return special
        expect("path", path, "/v2/models/m/infer")
        x = request["inputs"][0]["data"][0]
        with self.lock:
            self.served.setdefault(request["id"], []).append(name)
            self.order.append(("row", request["id"]))
        return 200, {"model_version": name, "id": request["id"],
                     "outputs": [{"name": "class", "data": ["UP" if x >= limit else "DOWN"]}]}

    def control(self, method, path, body, headers):
        if method == "GET":
            return 200, {"model": "m", "schema": SCHEMA}
        if self.label_answer:
            return self.label_answer
        duplicates = 0
        with self.lock:
            for item in json.loads(body)["labels"]:
                duplicates += item["id"] in self.labels
                self.labels[item["id"]] = item["label"]
                self.order.append(("label", item["id"]))
        return 200, {"accepted": len(json.loads(body)["labels"]) - duplicates, "duplicates": duplicates, "conflicts": 0}

    def replay(self, *args, replicas=(), **more):
        urls = [word for r in replicas for word in ("--replica", r.url if hasattr(r, "url") else r)]
        return run("replay", "-", "--model", "m", "--label", "y", "--json", "-", *urls, *args,
                   server=self.daemon.url, stdin=self.csv, **more)


def rows_go_round_and_labels_follow():
    w = World(600)
    a, b = w.replica(), w.replica("v2", limit=0.3)
    code, out, err = w.replay("--rate", "0", "--label-delay", "100", replicas=(a, b))
    result = json.loads(out)
    expect("exit code, rows, errors", (code, result["rows"], result["errors"], result["retries"]), (0, 600, 0, 0))
    expect("each row once", sorted(len(v) for v in w.served.values()), [1] * 600)
    expect("each label", (len(w.labels), result["labels"]["accepted"]), (600, 600))
    expect("turns", [sum(v == [name] for v in w.served.values()) for name in ("v1", "v2")], [300, 300])
    expect("v2 knows the truth", result["by_version"]["v2"]["accuracy"], 1)
    v1 = result["by_version"]["v1"]["accuracy"]
    expect("overall", abs(result["served"]["accuracy"] - (v1 + 1) / 2) < 1e-9, True)
    expect("the right label", w.labels["row-1"], "DOWN")
    expect_in("talk", "v2 answers", err)


def labels_come_their_delay_after_their_rows():
    w = World(1500)
    code, _, _ = w.replay("--rate", "0", "--label-delay", "300", "--concurrency", "4", replicas=[w.replica()])
    expect("exit code", code, 0)
    rows_before, seen = {}, 0
    for kind, name in w.order:
        seen += kind == "row"
        if kind == "label":
            rows_before[name] = seen
    early = [n for n, seen in rows_before.items() if seen < min(int(n[4:]) + 300 - 5, 1500)]
    expect("labels before their time", early, [])
    expect("labels go during the stream", min(rows_before.values()) < 1000, True)


def never_more_in_flight_than_asked_for():
    w = World(60)
    replicas = [w.replica(slow=0.01) for _ in range(2)]
    code, _, _ = w.replay("--rate", "0", "--concurrency", "3", replicas=replicas)
    expect("exit code and most in flight", (code, w.most_in_flight), (0, 3))


def the_rate_is_kept():
    w = World(400)
    code, out, _ = w.replay("--rate", "400", "--concurrency", "16", replicas=[w.replica()])
    elapsed = json.loads(out)["elapsed_s"]
    expect(f"exit code, and {elapsed} s for 400 rows at 400 rows/s", (code, 0.9 <= elapsed <= 3), (0, True))


def skip_and_rows_choose_the_stretch_and_ids_keep_their_number():
    w = World(100)
    code, out, _ = w.replay("--rate", "0", "--skip", "40", "--rows", "20", "--id-prefix", "s/", replicas=[w.replica()])
    expect("rows", (code, json.loads(out)["rows"]), (0, 20))
    expect("ids", sorted(w.served, key=lambda i: int(i[2:])), [f"s/{n}" for n in range(41, 61)])


def a_failing_replica_costs_retries_and_no_rows():
    w = World(200)
    w.infer_answer = lambda name, id: (503, {"error": "loading"}) if name == "bad" else None
    dead = f"http://127.0.0.1:{closed_port()}"
    code, out, err = w.replay("--rate", "0", replicas=[w.replica("bad"), w.replica("good"), dead])
    result = json.loads(out)
    expect("rows, errors", (code, result["rows"], result["errors"]), (0, 200, 0))
    expect("retries", result["retries"] > 0, True)
    expect("only the good one served", {n for v in w.served.values() for n in v}, {"good"})
    expect_in("talk", "trying again", err)


def a_row_that_no_replica_takes_is_an_error():
    w = World(30)
    w.infer_answer = lambda name, id: (400, {"error": "feature x: too odd"}) if id == "row-5" else None
    code, out, err = w.replay("--rate", "0", replicas=[w.replica()])
    result = json.loads(out)
    expect("rows, errors", (code, result["rows"], result["errors"]), (0, 29, 1))
    expect("no label for it", "row-5" in w.labels, False)
    expect_in("talk", "too odd", err)


def a_fleet_that_refuses_everything_ends_the_replay():
    w = World(500)
    w.infer_answer = lambda name, id: (400, {"error": "feature z is missing"})
    code, out, err = w.replay("--rate", "0", replicas=[w.replica()])
    expect("exit code", code, 1)
    expect_in("why", "20 rows in a row failed", err)
    expect_in("why", "feature z is missing", err)


def labels_are_tried_until_they_are_accepted():
    w = World(300)
    w.label_answer = 503, {"error": "disk full"}

    def recover():
        time.sleep(1)
        w.label_answer = None
    threading.Thread(target=recover).start()
    code, out, err = w.replay("--rate", "0", "--label-delay", "10", replicas=[w.replica()])
    expect("labels", (code, len(w.labels), json.loads(out)["labels"]["unsent"]), (0, 300, 0))
    expect_in("talk", "disk full", err)


def labels_that_leewayd_never_takes_end_the_replay():
    w = World(300)
    w.label_answer = 400, {"error": "labels[0].label: expected one of the schema's classes"}
    code, out, err = w.replay("--rate", "0", "--label-delay", "10", replicas=[w.replica()])
    expect("exit code", code, 1)
    expect_in("why", "one of the schema's classes", err)
    w.label_answer = 503, {"error": "away"}
    code, out, err = w.replay("--rate", "0", "--label-timeout", "500ms", replicas=[w.replica()])
    expect("exit code", code, 3)
    expect_in("why", "300 labels were not accepted", err)


def the_frozen_version_gets_the_same_rows():
    w = World(200)
    baseline = w.replica("frozen")
    code, out, _ = w.replay("--rate", "0", "--baseline", baseline.url, replicas=[w.replica("v2", limit=0.3)])
    result = json.loads(out)
    expect("rows", (code, result["served"]["rows"], result["frozen"]["rows"]), (0, 200, 200))
    expect("served, frozen", (result["served"]["accuracy"], result["frozen"]["accuracy"]), (1, 0.8))
    expect("per 1000", result["per_1000"], [{"from_row": 0, "rows": 200, "served": 1, "frozen": 0.8}])
    expect("versions", list(result["by_version"]), ["v2"])


def a_changed_fleet_file_is_read_again():
    w = World(2000)
    a, b = w.replica("a"), w.replica("b")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "fleet.json")

        def write(urls):
            with open(path + ".new", "w") as f:
                json.dump([{"targets": urls}], f)
            os.rename(path + ".new", path)
        write([a.url.replace("http://", "")])

        def change():
            time.sleep(0.3)
            write([b.url])
        threading.Thread(target=change).start()
        code, out, _ = w.replay("--rate", "700", "--fleet", path)
    versions = json.loads(out)["by_version"]
    expect("both served", (code, sorted(versions)), (0, ["a", "b"]))


def interrupting_finishes_what_is_in_flight():
    w = World(5000)
    replica = w.replica(slow=0.005)
    with tempfile.TemporaryDirectory() as folder:
        csv, out = os.path.join(folder, "s.csv"), os.path.join(folder, "out.json")
        with open(csv, "w") as f:
            f.write(w.csv)
        env = dict(os.environ, LEEWAY_SERVER=w.daemon.url)
        p = subprocess.Popen([LEEWAY, "replay", csv, "--model", "m", "--label", "y", "--replica", replica.url,
                              "--label-delay", "50", "--json", out], env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while len(w.labels) < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        p.send_signal(signal.SIGINT)
        page, err = p.communicate(timeout=20)
        with open(out) as f:
            result = json.load(f)
    expect("exit code", p.returncode, 130)
    expect("every request was answered", result["rows"], len(w.served))
    expect("due labels are there", len(w.labels) >= result["rows"] - 50 - 8, True)
    expect("interrupted", (result["interrupted"], result["errors"]), (True, 0))
    expect_in("summary", "interrupted", page)


def faulty_input_is_named():
    w = World(10)
    w.csv = "x,y\n1,UP\nbad,UP\n"
    code, _, err = w.replay("--rate", "0", replicas=[w.replica()])
    expect("exit code", code, 1)
    expect_in("why", '-: row 2: column "x": expected a number, got "bad"', err)
    w.csv = "z,y\n1,UP\n"
    code, _, err = w.replay(replicas=[w.replica()])
    expect_in("why", 'feature "x": the file has no column "x"', err)


run_tests([rows_go_round_and_labels_follow, labels_come_their_delay_after_their_rows,
           never_more_in_flight_than_asked_for, the_rate_is_kept,
           skip_and_rows_choose_the_stretch_and_ids_keep_their_number, a_failing_replica_costs_retries_and_no_rows,
           a_row_that_no_replica_takes_is_an_error, a_fleet_that_refuses_everything_ends_the_replay,
           labels_are_tried_until_they_are_accepted, labels_that_leewayd_never_takes_end_the_replay,
           the_frozen_version_gets_the_same_rows, a_changed_fleet_file_is_read_again,
           interrupting_finishes_what_is_in_flight, faulty_input_is_named])
