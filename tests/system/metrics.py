"""metrics.py BIN_DIR - `promtool check metrics` has nothing to say about the three /metrics pages during a run."""
import shutil
import subprocess
import sys

from stack import POLICY, Stack, Traffic, call

SKIPPED = 77
SLOW = POLICY.replace("min_requests: 20", "min_requests: 100000")


def check_page(name, url):
    status, text = call(url + "/metrics")
    assert status == 200, (name, status, text)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and not said, f"{name}: promtool ended with {done.returncode} and said:\n{said}"
    samples = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
    assert samples, f"{name}: no sample in\n{text.decode()}"
    return len(samples)


def check_pages(s, when):
    pages = {"leewayd": s.daemon.url, "leeway-trainer": s.trainer.url, "leeway-serve": s.replicas[0].url}
    counts = {name: check_page(name, url) for name, url in pages.items()}
    print(f"{when}: promtool is silent on " + ", ".join(f"{name} ({n} samples)" for name, n in counts.items()), flush=True)


def main():
    if not shutil.which("promtool"):
        print("skipped: promtool (Debian's prometheus package) is not installed")
        sys.exit(SKIPPED)
    with Stack(sys.argv[1]) as s:
        s.start_trainer()
        s.start_replicas(2)
        s.start_daemon()
        check_pages(s, "before there is a model")
        s.create_model(SLOW)
        s.first_version()
        t = Traffic(s)
        t.start()
        run_id = s.retrain("to be looked at")
        s.wait("both versions to answer", lambda: s.run(run_id)["state"] in ("shadow", "canary") and t.answered > 200)
        check_pages(s, "during a rollout")
        s.replicas[1].kill()
        s.wait("the dead replica to be seen", lambda: s.api_ok("/v1/status")["problems"])
        check_pages(s, "with a replica away")
        s.replicas[1].restart()
        s.api_ok(f"/v1/runs/{run_id}/abort", "POST", {"reason": "seen enough"})
        s.wait_run(run_id)
        t.finish()
        assert not t.errors, t.errors[:3]


main()
