"""Runs a program and says what it took: exit, output, seconds, peak memory, and whether it had to be stopped.

The program is started by a small interpreter of its own: the peak that wait4(2) tells of a child counts what its parent
held when it was started, and the parent of checks holds tables.
"""
import collections
import json
import os
import resource
import signal
import subprocess
import sys
import time

LIMIT = 6 << 30  # bytes of data that a program may ask for, lest a check takes the machine down

Outcome = collections.namedtuple("Outcome", "code out err seconds peak hung cpu")


def run(command, timeout):
    """Outcome of a command: peak in bytes, cpu in seconds; code is negative where a signal ended it."""
    read, write = os.pipe()
    with os.fdopen(read) as report:
        p = subprocess.Popen([sys.executable, "-I", "-S", __file__, str(write), str(timeout), *map(str, command)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[write], text=True, errors="replace")
        os.close(write)
        out, err = p.communicate()
        found = json.loads(report.read())
    return Outcome(found["code"], out, err, found["seconds"], found["peak"], found["hung"], found["cpu"])


def crashed(outcome):
    """What of an outcome no input may cause, as text; empty where there is none."""
    wrong = []
    if outcome.hung:
        wrong.append("stopped after the time limit")
    elif outcome.code not in (0, 1):
        wrong.append(f"exit {outcome.code}")
    if "panic" in outcome.err or "goroutine " in outcome.err or "fatal error" in outcome.err:
        wrong.append("a Go traceback")
    return ", ".join(wrong)


def launch(write, timeout, command):
    os.set_inheritable(write, False)
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    started, hung = time.monotonic(), []
    pid = os.posix_spawnp(command[0], command, os.environ)

    def stop(*_):
        hung.append(True)
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    _, status, usage = os.wait4(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    report = {"code": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss << 10, "seconds": time.monotonic() - started, "hung": bool(hung),
              "cpu": usage.ru_utime + usage.ru_stime}
    os.write(write, json.dumps(report).encode())


if __name__ == "__main__":
    launch(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
