"""metrics_pages.py BIN_DIR - `promtool check metrics` has nothing to say about the three /metrics pages, with a
model in service, traffic on it and a run behind it. Exit 77: skipped, where promtool is absent."""
import shutil
import subprocess
import sys

from stack import Stack, Traffic, call


def check(name, url):
    status, page = call(url + "/metrics")
    assert status == 200, f"{name}: GET /metrics: {status} {page}"
    text = page.decode()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == 0 and not said, f"{name}: promtool exits {done.returncode} and says:\n{said}"
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(samples) >= 5, f"{name}: expected at least 5 samples, got {len(samples)}:\n{text}"
    print(f"{name}: {len(samples)} samples, promtool is silent")


def main():
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed (Debian: prometheus)")
        return 77
    with Stack(sys.argv[1]) as s:
        s.start_trainer()
        s.start_replicas(2)
        s.start_daemon()
        s.create_model()
        s.first_version()
        traffic = Traffic(s)
        traffic.start()
        s.wait("answered requests are collected", lambda: s.api_ok("/v1/models/shop")["observations"] >= 100)
        traffic.finish()
        assert not traffic.errors, traffic.errors[:3]
        check("leewayd", s.daemon.url)
        check("leeway-serve", s.replicas[0].url)
        check("leeway-trainer", s.trainer.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
