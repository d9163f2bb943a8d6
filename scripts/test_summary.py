"""test_summary.py N_BROKEN RESULTS.xml... - adds up ctest's JUnit files: what failed, what was skipped and why,
and one final line. A preset that could not be built counts as one failure (N_BROKEN)."""
import pathlib
import sys
import xml.etree.ElementTree as ET


def reason(case):
    """The line in which a skipped test says why."""
    lines = (case.findtext("system-out") or "").splitlines()
    said = [line.strip() for line in lines if line.strip().lower().startswith(("skip", "[  skipped"))]
    return said[-1] if said else "no reason given"


def main():
    passed, failed, skipped = 0, [], []
    for path in map(pathlib.Path, sys.argv[2:]):
        preset = path.stem.removeprefix("results-")
        for case in ET.parse(path).getroot().iter("testcase"):
            name = f"{preset}: {case.get('name')}"
            status = case.get("status")
            if status == "run":
                passed += 1
            elif status in ("notrun", "disabled") or case.find("skipped") is not None:
                skipped.append(f"{name}: {reason(case)}")
            else:
                failed.append(name)
    broken = int(sys.argv[1])
    for title, names in (("skipped", skipped), ("FAILED", failed)):
        for name in names:
            print(f"{title:<8} {name}")
    print(f"{passed} passed, {len(failed) + broken} failed, {len(skipped)} skipped")
    return 1 if failed or broken or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
