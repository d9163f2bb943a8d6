"""full_disk.py BIN_DIR - the disk that leewayd writes to is full, in the middle of a rollout under traffic.

It says so (log, /v1/status, /health/ready), refuses labels with 507, and leaves the observations where they are:
in the replicas' logs. When there is room again everything is caught up, exactly, and the run goes on. The disk is
a small tmpfs, which root may mount; skipped elsewhere.
"""
import ctypes
import os
import random
import sys

from faults import LONG_CANARY, all_collected, log_events, problems
from stack import Stack, Traffic, make_row

SKIPPED = 77


class SmallDisk:
    """A file system of its own; None where there may be none made."""

    def __init__(self, path, size):
        os.mkdir(path)
        self.path, self.libc = path, ctypes.CDLL(None, use_errno=True)
        if self.libc.mount(b"leeway-test", path.encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
            raise PermissionError(os.strerror(ctypes.get_errno()))

    def fill(self):
        """Not a byte is left."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as f:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        f.write(b"\0" * size)
                except OSError:
                    pass

    def free(self):
        os.unlink(os.path.join(self.path, "filler"))

    def unmount(self):
        self.libc.umount2(self.path.encode(), 2)


class Patient(Traffic):
    """Clients that keep labels which are not taken, and send them again with the next ones."""

    kept, refused = (), 0

    def send_labels(self, labels):
        labels = [*self.kept, *labels]
        self.kept = ()
        if self.ending.is_set():
            super().send_labels(labels)
            return
        status, document = self.stack.api("/v1/models/shop/labels", "POST", {"labels": labels}, timeout=5)
        if status == 200:
            self.labelled += len(labels)
        elif status in (0, 503, 507):
            self.kept, self.refused = labels, self.refused + 1
        else:
            self.errors.append(("labels", status, document))


def one_label(s):
    """The label of the first request, once more: it changes nothing where it is taken."""
    label = make_row(random.Random(7))[1]
    return s.api("/v1/models/shop/labels", "POST", {"labels": [{"id": "q0", "label": label}]})


def while_full(s, disk, t):
    disk.fill()
    told = s.wait("the full disk in /v1/status", lambda: problems(s, "store: "))[0]
    s.wait("not ready", lambda: s.api("/health/ready")[0] == 503)
    assert s.api("/health/live")[0] == 200
    refused = s.wait("labels to be refused", lambda: (lambda a: a if a[0] == 507 else None)(one_label(s)))
    seen, stored = t.answered, s.api_ok("/v1/models/shop/labels")["observations"]
    s.wait("clients to be answered all the same", lambda: t.answered > seen + 150)
    assert problems(s, "store: ") and s.api("/health/ready")[0] == 503, s.daemon.log()[-2000:]
    full = log_events(s, "store_failed")
    assert len(full) == 1 and "full" in full[0], full
    print(f"disk full: \"{told}\"; labels refused with 507 {refused[1]}; {t.answered - stored} rows wait at the replicas",
          flush=True)


def disk_full(bin_dir):
    with Stack(bin_dir) as s:
        try:
            disk = SmallDisk(s.path("disk"), "32m")
        except (PermissionError, AttributeError) as e:
            print(f"skipped: no tmpfs can be mounted here: {e}")
            sys.exit(SKIPPED)
        try:
            disk_full_on(s, disk)
        finally:
            if s.daemon:
                s.daemon.stop()
            disk.unmount()


def disk_full_on(s, disk):
    s.start_trainer()
    s.start_replicas(2)
    s.start_daemon(data=disk.path)
    s.create_model(LONG_CANARY)
    s.first_version()
    t = Patient(s)
    t.start()
    s.wait("the first requests", lambda: t.answered > 50)
    run_id = s.retrain("its disk will be full")
    s.reach(run_id, "shadow", "canary")
    while_full(s, disk, t)
    disk.free()
    s.wait("ready again", lambda: s.api("/health/ready")[0] == 200)
    s.wait("the problem to be gone", lambda: not problems(s, "store: "))
    run = s.wait_run(run_id, 90)
    assert run["state"] == "promoted", (run["state"], run["reason"])
    t.finish()
    account = all_collected(s, t.answered, t.labelled)
    assert not t.errors, t.errors[:5]
    assert log_events(s, "store_works_again"), s.daemon.log()[-2000:]
    print(f"disk free again: run {run['state']}, {t.answered} requests answered, {account['observations']} observations, "
          f"{t.labelled} labels, {account['labelled'] - account['imported']} counted", flush=True)


disk_full(sys.argv[1])
