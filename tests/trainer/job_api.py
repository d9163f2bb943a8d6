#!/usr/bin/env python3
"""System test of leeway-trainer: real processes on loopback, killed and restarted.

Usage: job_api.py BIN_DIR [unittest arguments]. Python 3 standard library only.
"""
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

BIN = "bin"
DEADLINE_S = 60

SCHEMA = {
    "model": "loan",
    "features": [
        {"name": "age", "type": "numeric"},
        {"name": "income", "type": "numeric"},
        {"name": "zone", "type": "categorical"},
        {"name": "ssn", "type": "categorical", "pii": True},
    ],
    "label": {"name": "class", "type": "binary", "classes": ["deny", "grant"]},
}

# A train program that never ends, with a child that ignores SIGTERM: what cancel must get rid of.
STUBBORN = """#!/bin/sh
test "$1" = --list-backends && exit 0
(trap '' TERM; exec sleep 1000) &
echo $! >"$LEEWAY_JOB_FOLDER/child"
echo $$ >"$LEEWAY_JOB_FOLDER/leader"
wait
"""

# Ends well, it says, and leaves nothing.
EMPTY_HANDED = """#!/bin/sh
exit 0
"""

# Waits for the file "go" before it becomes the real one.
GATED = """#!/bin/sh
test "$1" = --list-backends && exit 0
echo $$ >"$LEEWAY_JOB_FOLDER/leader"
while ! test -e "$LEEWAY_JOB_FOLDER/../../go"; do sleep 0.05; done
exec %s "$@"
"""

LIAR = """#!/bin/sh
test "$1" = --list-backends && exit 0
printf weights >"$LEEWAY_JOB_FOLDER/out/model.safetensors"
cat >"$LEEWAY_JOB_FOLDER/out/result.json" <<END
{"artifact_sha256": "%s", "artifact_bytes": 7, "scores_sha256": null, "metrics": {},
 "n_train": 1, "n_validation": 1, "n_holdout": 0}
END
""" % ("0" * 64)


def wait_for(what, condition):
    """Polls until condition() gives something true, and returns it; fails after DEADLINE_S."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("%s did not happen within %d s" % (what, DEADLINE_S))


def alive(pid):
    """A zombie that nobody reaps (containers without an init) is dead enough."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def read_pid(path):
    def pid():
        try:
            with open(path) as f:
                return int(f.read() or 0)
        except (FileNotFoundError, ValueError):
            return 0

    return wait_for("a pid in " + path, pid)


class Trainer:
    """One data folder, and the daemon that runs on it now."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        self.process = None

    def start(self, *more):
        port_file = os.path.join(self.folder, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        log = open(os.path.join(self.folder, "trainer.log"), "a")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "leeway-trainer"), "--data", os.path.join(self.folder, "data"),
             "--port-file", port_file, *self.options, *more],
            stdout=subprocess.DEVNULL, stderr=log)
        log.close()
        wait_for("listening", lambda: os.path.exists(port_file) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError("leeway-trainer did not start:\n" + self.log())
        with open(port_file) as f:
            self.port = int(f.read())
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(DEADLINE_S)

    def log(self):
        with open(os.path.join(self.folder, "trainer.log")) as f:
            return f.read()

    def call(self, method, path, body=None):
        """(status, body) ; JSON where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        connection.request(method, path, body)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        kind = response.getheader("Content-Type") or ""
        is_json = data and kind.startswith("application/json")
        return response.status, json.loads(data) if is_json else data

    def job(self, job_id):
        status, body = self.call("GET", "/v1/jobs/" + job_id)
        assert status == 200, (status, body)
        return body

    def wait_state(self, job_id, *states):
        def there():
            job = self.job(job_id)
            return job if job["state"] in states else None

        return wait_for("job %s %s" % (job_id, states), there)


def write_csv(path, n_rows, one_class=False):
    rng = random.Random(7)
    with open(path, "w") as f:
        f.write("age,income,zone,ssn,class\n")
        for _ in range(n_rows):
            age, income, zone = rng.gauss(40, 10), rng.gauss(50000, 9000), rng.choice("abc")
            z = (age - 40) / 10 + (income - 50000) / 9000 + (1.5 if zone == "a" else 0)
            grant = one_class or z + rng.gauss(0, 0.5) > 0.5
            f.write("%.3f,%s,%s,123,%s\n" % (age, "" if rng.random() < 0.02 else "%.1f" % income,
                                             zone, "grant" if grant else "deny"))


def make_snapshot(folder, one_class=False):
    """A snapshot file made by leeway-train from a CSV."""
    csv, schema = os.path.join(folder, "rows.csv"), os.path.join(folder, "schema.json")
    out = os.path.join(folder, "first")
    write_csv(csv, 3000, one_class)
    with open(schema, "w") as f:
        json.dump(SCHEMA, f)
    subprocess.run([os.path.join(BIN, "leeway-train"), "--csv", csv, "--schema", schema,
                    "--holdout", "500", "--out", out, "--backend", "openblas"],
                   stderr=subprocess.DEVNULL, check=not one_class)
    with open(os.path.join(out, "snapshot.safetensors"), "rb") as f:
        return f.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class JobApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="leeway-")
        cls.snapshot = make_snapshot(cls.shared)
        with open(os.path.join(cls.shared, "first/model.safetensors"), "rb") as f:
            cls.champion = f.read()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="leeway-")
        self.trainers = []

    def tearDown(self):
        ends = [t.stop() for t in self.trainers if t.process.poll() is None]
        logs = [t.log() for t in self.trainers]
        shutil.rmtree(self.folder)
        self.assertEqual(ends, [0] * len(ends), logs)
        for log in logs:
            for trouble in ("Sanitizer", "runtime error"):
                self.assertNotIn(trouble, log)

    def trainer(self, *options, script=None):
        if script:
            path = os.path.join(self.folder, "train.sh")
            with open(path, "w") as f:
                f.write(script)
            os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
            options += ("--train-program", path)
        t = Trainer(self.folder, *options)
        self.trainers.append(t)
        return t.start()

    def push(self, t, snapshot=None, champion=None):
        snapshot = snapshot or self.snapshot
        status, body = t.call("PUT", "/v1/snapshots/" + sha256(snapshot), snapshot)
        self.assertIn(status, (200, 201), body)
        if champion:
            status, body = t.call("PUT", "/v1/artifacts/" + sha256(champion), champion)
            self.assertIn(status, (200, 201), body)

    def spec(self, **more):
        return {"model": "loan", "snapshot": sha256(self.snapshot), "backend": "openblas", **more}

    def submit(self, t, job_id, spec=None, expect=201):
        status, body = t.call("PUT", "/v1/jobs/" + job_id, spec or self.spec())
        self.assertEqual(status, expect, body)
        return body

    def folder_of(self, job_id):
        return os.path.join(self.folder, "data/jobs", job_id)

    # ---- a job from beginning to end

    def test_job_succeeds_and_its_files_have_the_hashes_it_says(self):
        t = self.trainer()
        self.push(t, champion=self.champion)
        self.submit(t, "r-1", self.spec(champion=sha256(self.champion),
                                        lineage={"run": "r-1", "trigger": {"psi": 0.3}}))
        job = t.wait_state("r-1", "succeeded", "failed")
        self.assertEqual(job["state"], "succeeded", job)
        status, artifact = t.call("GET", "/v1/jobs/r-1/artifact")
        self.assertEqual((status, sha256(artifact)), (200, job["result"]["artifact_sha256"]))
        self.assertEqual(len(artifact), job["result"]["artifact_bytes"])
        status, scores = t.call("GET", "/v1/jobs/r-1/scores")
        self.assertEqual((status, sha256(scores)), (200, job["result"]["scores_sha256"]))
        header = json.loads(scores[8:8 + int.from_bytes(scores[:8], "little")])
        self.assertEqual(header["candidate"]["shape"], [500, 1])
        self.assertEqual(header["champion"]["shape"], [500, 1])
        self.assertGreater(json.loads(header["__metadata__"]["metrics"])["candidate"]["accuracy"], 0.8)
        manifest = json.loads(artifact[8:8 + int.from_bytes(artifact[:8], "little")])["__metadata__"]
        self.assertIn("r-1", json.dumps(manifest))
        self.assertEqual((job["result"]["n_holdout"], job["error"]), (500, None))
        self.assertGreater(job["progress"]["epoch"], 0)
        status, log = t.call("GET", "/v1/jobs/r-1/log")
        self.assertIn(b"event=trained", log)

    def test_submit_twice_is_one_job_and_another_body_is_a_conflict(self):
        t = self.trainer()
        self.push(t)
        self.submit(t, "r-1")
        self.submit(t, "r-1", expect=200)
        self.submit(t, "r-1", self.spec(deadline_s=5), expect=409)
        t.wait_state("r-1", "succeeded")
        again = self.submit(t, "r-1", expect=200)
        self.assertEqual((again["state"], again["attempts"]), ("succeeded", 1))
        status, jobs = t.call("GET", "/v1/jobs?limit=10")
        self.assertEqual([j["id"] for j in jobs["jobs"]], ["r-1"])

    def test_missing_files_are_named(self):
        t = self.trainer()
        body = self.submit(t, "r-1", self.spec(champion="1" * 64), expect=409)
        self.assertEqual(body["missing"], [sha256(self.snapshot), "1" * 64])
        self.assertEqual(t.call("GET", "/v1/jobs/r-1")[0], 404)

    def test_pushed_content_must_have_its_hash(self):
        t = self.trainer()
        status, body = t.call("PUT", "/v1/snapshots/" + "2" * 64, b"something else")
        self.assertEqual(status, 422, body)
        self.assertEqual(t.call("HEAD", "/v1/snapshots/" + "2" * 64)[0], 404)
        name = "/v1/snapshots/" + sha256(b"x")
        self.assertEqual([t.call("PUT", name, b"x")[0] for _ in range(2)], [201, 200])
        self.assertEqual(t.call("HEAD", name)[0], 200)

    def test_bad_submits_say_what_is_wrong(self):
        t = self.trainer()
        self.push(t)
        for spec, expected in (
                (self.spec(colour=1), "colour"),
                (self.spec(parameters={"epoch": 3}), "epoch"),
                (self.spec(parameters={"algorithm": "forest"}), "algorithm"),
                (self.spec(parameters={"hidden": [0]}), "hidden[0]"),
                (self.spec(backend="tpu"), "backend"),
                ({"model": "loan"}, "snapshot")):
            status, body = t.call("PUT", "/v1/jobs/bad", spec)
            self.assertEqual(status, 400, (spec, body))
            self.assertIn(expected, body["error"])
        flip = self.spec(parameters={"flip_labels": 0.5})
        self.assertIn("--allow-fault-injection", self.submit(t, "bad", flip, expect=403)["error"])
        self.assertEqual(t.call("PUT", "/v1/jobs/.hidden", self.spec())[0], 400)

    def test_bad_data_fails_with_the_sentence_of_the_job(self):
        t = self.trainer()
        bad = make_snapshot(tempfile.mkdtemp(dir=self.folder), one_class=True)
        self.push(t, snapshot=bad)
        self.submit(t, "r-1", self.spec(snapshot=sha256(bad)))
        job = t.wait_state("r-1", "failed")
        self.assertIn("one class only", job["error"])
        self.assertIn("grant", job["error"])

    def test_flipped_labels_make_a_bad_candidate_where_drills_are_allowed(self):
        t = self.trainer("--allow-fault-injection")
        self.push(t)
        self.submit(t, "r-1", self.spec(parameters={"flip_labels": 1.0}))
        job = t.wait_state("r-1", "succeeded", "failed")
        self.assertLess(job["result"]["metrics"]["holdout"]["candidate"]["accuracy"], 0.3, job)

    def test_memory_limit_fails_the_job_with_a_clear_message(self):
        if os.environ.get("LEEWAY_SANITIZED"):
            self.skipTest("the sanitizers' shadow memory counts as the job's")
        t = self.trainer()
        self.push(t)
        self.submit(t, "r-1", self.spec(memory_bytes=40_000_000,
                                        parameters={"algorithm": "mlp", "hidden": [4096, 4096]}))
        job = t.wait_state("r-1", "failed", "succeeded")
        self.assertIn("memory", job["error"] or "")

    # ---- what counts as success

    def test_exit_0_without_a_manifest_has_failed(self):
        t = self.trainer(script=EMPTY_HANDED)
        self.push(t)
        self.submit(t, "r-1")
        job = t.wait_state("r-1", "failed", "succeeded")
        self.assertIn("exited with code 0 and left no result manifest", job["error"])
        self.assertEqual(t.call("GET", "/v1/jobs/r-1/artifact")[0], 409)

    def test_manifest_with_another_hash_has_failed(self):
        t = self.trainer(script=LIAR)
        self.push(t)
        self.submit(t, "r-1")
        job = t.wait_state("r-1", "failed", "succeeded")
        self.assertIn("SHA-256", job["error"])

    def test_killed_process_has_failed_and_the_signal_is_named(self):
        t = self.trainer(script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        leader = read_pid(os.path.join(self.folder_of("r-1"), "leader"))
        child = read_pid(os.path.join(self.folder_of("r-1"), "child"))
        os.kill(leader, signal.SIGKILL)
        job = t.wait_state("r-1", "failed")
        self.assertIn("signal 9", job["error"])
        self.assertFalse(alive(child), "the child outlived its job")

    # ---- cancel, deadline, queue

    def test_cancel_kills_the_whole_group(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        pids = [read_pid(os.path.join(self.folder_of("r-1"), name)) for name in ("leader", "child")]
        status, job = t.call("POST", "/v1/jobs/r-1/cancel")
        self.assertEqual((status, job["state"]), (200, "cancelled"))
        self.assertEqual([alive(pid) for pid in pids], [False, False])
        status, job = t.call("POST", "/v1/jobs/r-1/cancel")
        self.assertEqual((status, job["state"]), (200, "cancelled"))

    def test_deadline_ends_the_job(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1", self.spec(deadline_s=1))
        child = read_pid(os.path.join(self.folder_of("r-1"), "child"))
        job = t.wait_state("r-1", "failed")
        self.assertIn("deadline", job["error"])
        self.assertFalse(alive(child))

    def test_slots_bound_what_runs_and_the_queue_keeps_its_order(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        for i in range(3):
            self.submit(t, "r-%d" % i)
        t.wait_state("r-0", "running")
        status, capacity = t.call("GET", "/v1/capacity")
        self.assertEqual((capacity["slots"], capacity["running"], capacity["queued"]), (1, 1, 2))
        self.assertEqual(t.call("POST", "/v1/jobs/r-1/cancel")[1]["state"], "cancelled")
        self.assertEqual(t.call("POST", "/v1/jobs/r-0/cancel")[1]["state"], "cancelled")
        t.wait_state("r-2", "running")

    # ---- the daemon dies

    def test_job_running_through_a_kill_of_the_daemon_is_adopted(self):
        t = self.trainer(script=GATED % os.path.join(os.path.abspath(BIN), "leeway-train"))
        self.push(t)
        self.submit(t, "r-1")
        leader = read_pid(os.path.join(self.folder_of("r-1"), "leader"))
        self.submit(t, "r-2")
        t.kill()
        self.assertTrue(alive(leader))
        t.start()
        self.assertEqual([t.job(j)["state"] for j in ("r-1", "r-2")], ["running", "queued"])
        open(os.path.join(self.folder, "data/go"), "w").close()
        for job_id in ("r-1", "r-2"):
            job = t.wait_state(job_id, "succeeded", "failed")
            self.assertEqual((job["state"], job["attempts"]), ("succeeded", 1), job)

    def test_adopted_job_can_be_cancelled(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        pids = [read_pid(os.path.join(self.folder_of("r-1"), name)) for name in ("leader", "child")]
        t.kill()
        t.start()
        self.assertEqual(t.call("POST", "/v1/jobs/r-1/cancel")[1]["state"], "cancelled")
        self.assertEqual([alive(pid) for pid in pids], [False, False])

    def test_process_whose_id_was_never_written_down_is_found(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        child = read_pid(os.path.join(self.folder_of("r-1"), "child"))
        t.kill()
        path = os.path.join(self.folder_of("r-1"), "state.json")
        with open(path) as f:
            state = json.load(f)
        state["pid"] = 0
        with open(path, "w") as f:
            json.dump(state, f)
        t.start()
        self.assertEqual(t.job("r-1")["state"], "running")
        self.assertEqual(t.call("POST", "/v1/jobs/r-1/cancel")[1]["state"], "cancelled")
        self.assertFalse(alive(child))

    def test_job_that_died_with_the_daemon_starts_over_and_not_for_ever(self):
        t = self.trainer("--max-attempts", "2", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        for attempt in (1, 2):
            leader = wait_for("attempt %d" % attempt, lambda: t.job("r-1")["attempts"] == attempt and
                              read_pid(os.path.join(self.folder_of("r-1"), "leader")))
            wait_for("the process of this attempt", lambda: alive(
                read_pid(os.path.join(self.folder_of("r-1"), "leader"))))
            leader = read_pid(os.path.join(self.folder_of("r-1"), "leader"))
            t.kill()
            os.killpg(leader, signal.SIGKILL)
            wait_for("death", lambda: not alive(leader))
            t.start()
        job = t.wait_state("r-1", "failed")
        self.assertIn("interrupted 2 times", job["error"])

    def test_result_left_while_the_daemon_was_dead_counts(self):
        t = self.trainer(script=GATED % os.path.join(os.path.abspath(BIN), "leeway-train"))
        self.push(t)
        self.submit(t, "r-1")
        leader = read_pid(os.path.join(self.folder_of("r-1"), "leader"))
        t.kill()
        open(os.path.join(self.folder, "data/go"), "w").close()
        wait_for("the orphan's end", lambda: not alive(leader))
        t.start()
        job = t.wait_state("r-1", "succeeded", "failed")
        self.assertEqual((job["state"], job["attempts"]), ("succeeded", 1), job)

    def test_kill_at_random_moments_loses_no_job_and_runs_none_twice(self):
        kills = int(os.environ.get("LEEWAY_KILLS", "10"))
        t = self.trainer()
        self.push(t)
        rng = random.Random(11)
        for i in range(kills):
            self.submit(t, "r-%d" % i)
            time.sleep(rng.uniform(0, 0.05))  # the moment is what is tested; nothing is waited for
            t.kill()
            t.start()
        for i in range(kills):
            job = t.wait_state("r-%d" % i, "succeeded", "failed")
            # A kill between the record and the fork costs an attempt, but no process ran in it.
            self.assertEqual(job["state"], "succeeded", job)
            self.assertEqual(t.call("GET", "/v1/jobs/r-%d/log" % i)[1].count(b"event=trained"), 1)

    def test_stopping_in_good_order_queues_what_ran(self):
        t = self.trainer("--kill-after", "200ms", script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        child = read_pid(os.path.join(self.folder_of("r-1"), "child"))
        self.assertEqual(t.stop(), 0)
        self.assertFalse(alive(child))
        with open(os.path.join(self.folder_of("r-1"), "state.json")) as f:
            state = json.load(f)
        self.assertEqual((state["state"], state["attempts"]), ("queued", 0))

    def test_second_daemon_on_the_same_folder_refuses(self):
        t = self.trainer()
        second = subprocess.run([os.path.join(BIN, "leeway-trainer"), "--data",
                                 os.path.join(self.folder, "data")],
                                capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(second.returncode, 1)
        self.assertIn("is in use by another process", second.stderr)
        self.assertEqual(t.call("GET", "/health")[0], 200)

    # ---- bounds, metrics

    def test_store_drops_the_least_recently_used_and_keeps_what_jobs_need(self):
        limit = len(self.snapshot) + 250_000
        t = self.trainer("--store-bytes", str(limit), script=STUBBORN)
        self.push(t)
        self.submit(t, "r-1")
        t.wait_state("r-1", "running")
        blobs = [bytes([i]) * 100_000 for i in range(4)]
        for blob in blobs:
            self.assertEqual(t.call("PUT", "/v1/artifacts/" + sha256(blob), blob)[0], 201)
        status, body = t.call("PUT", "/v1/artifacts/" + "3" * 64, bytes(limit + 1))
        self.assertEqual(status, 413, body)
        there = [t.call("HEAD", "/v1/artifacts/" + sha256(b))[0] for b in blobs]
        self.assertEqual(there, [404, 404, 200, 200])
        self.assertEqual(t.call("HEAD", "/v1/snapshots/" + sha256(self.snapshot))[0], 200)

    def test_finished_jobs_beyond_the_bound_are_forgotten_oldest_first(self):
        t = self.trainer("--keep-jobs", "2", script=EMPTY_HANDED)
        self.push(t)
        for i in range(4):
            self.submit(t, "r-%d" % i)
        t.wait_state("r-3", "failed")
        wait_for("r-1 gone", lambda: t.call("GET", "/v1/jobs/r-1")[0] == 404)
        self.assertEqual([t.call("GET", "/v1/jobs/r-%d" % i)[0] for i in range(4)],
                         [404, 404, 200, 200])
        self.assertFalse(os.path.exists(self.folder_of("r-0")))

    def test_metrics_are_clean_and_count(self):
        t = self.trainer()
        self.push(t)
        self.submit(t, "r-1")
        t.wait_state("r-1", "succeeded")
        status, text = t.call("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b'leeway_trainer_jobs_total{state="succeeded"} 1', text)
        if shutil.which("promtool"):
            check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
            self.assertEqual((check.returncode, check.stdout + check.stderr), (0, b""))

    def test_tokens_are_asked_for(self):
        tokens = os.path.join(self.folder, "tokens")
        with open(tokens, "w") as f:
            f.write("ops operator %s\n" % ("t" * 32))
        t = self.trainer("--token-file", tokens)
        self.assertEqual(t.call("GET", "/v1/capacity")[0], 401)
        self.assertEqual(t.call("PUT", "/v1/jobs/r-1", self.spec())[0], 401)
        self.assertEqual(t.call("GET", "/health")[0], 200)

    def test_full_disk_refuses_the_job_with_a_clear_message(self):
        data = os.path.join(self.folder, "data")
        os.makedirs(data)
        size = "size=%dk" % (len(self.snapshot) // 1024 + 100)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", data],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("cannot mount a small tmpfs (not root)")
        try:
            t = self.trainer()
            status, body = t.call("PUT", "/v1/snapshots/" + sha256(b"x" * 900_000), b"x" * 900_000)
            self.assertEqual(status, 507, body)
            self.push(t)
            self.submit(t, "r-1")
            job = t.wait_state("r-1", "failed", "succeeded")
            self.assertIn("space", (job["error"] or "").lower())
            t.stop()
        finally:
            subprocess.run(["umount", "-l", data], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
