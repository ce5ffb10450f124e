"""Runs one command in a folder, within limits, and outlives whoever asked for it. ProcessCompute starts it and reads what it leaves.

python3 supervise.py FOLDER, the task as JSON on standard input. It returns as soon as the command has a supervisor:

lock          held (flock) by the supervisor as long as it lives
state.json    written before the command runs: the supervisor's pid, start time and boot, so that it is found again; then the command's pid too
stop          made by the host: end the command; SIGTERM says the same, sooner, and is all that a shutdown says
output.log    the last of the command's standard output and error
exit.json     written once, when nothing of the command runs any more: exit_code, reason, timed_out

Python 3.8's standard library only. Where there is no /proc (not Linux), only the command's process group is found and killed.
"""

import sys

if sys.version_info < (3, 8):
    sys.stderr.write("Training in a local process needs Python 3.8 or later; this is %d.%d." % sys.version_info[:2])
    sys.exit(126)

import collections
import datetime
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import time

LINUX = sys.platform.startswith("linux")
OUTPUT_KEPT = 64 << 10
OUTPUT_MOST = 1 << 20


def write_json(path, value):
    """Whole or not at all, whatever happens meanwhile."""
    with open(path + ".new", "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def gigabytes(count):
    return "%g GB" % (count / 1e9)


# Processes


def read_stat(pid):
    """Fields of /proc/<pid>/stat from the state on: the name before them may hold anything, blanks and brackets too."""
    with open("/proc/%s/stat" % pid, "rb") as file:
        return file.read().rpartition(b")")[2].split()


def identity():
    """What tells this process from a later one with the same pid."""
    if not LINUX:
        return {"pid": os.getpid(), "start_time": 0, "boot_id": ""}
    with open("/proc/sys/kernel/random/boot_id") as file:
        return {"pid": os.getpid(), "start_time": int(read_stat("self")[19]), "boot_id": file.read().strip()}


def become_subreaper():
    """What the command leaves behind becomes this process's child, so that it is found (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def descendants():
    """Living processes below this one, also those that made sessions of their own."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            try:
                state, parent = read_stat(name)[:2]
            except OSError:
                continue
            if state not in (b"Z", b"X"):
                children[int(parent)].append(int(name))
    found = []
    wanted = [os.getpid()]
    while wanted:
        below = children.pop(wanted.pop(), [])
        found += below
        wanted += below
    return found


def kill(pid, number, group=False):
    try:
        (os.killpg if group else os.kill)(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


# Disk


def disk_use(folder):
    """Bytes that the files below a folder take. Links are not followed; a file with several names counts once."""
    total = 0
    linked = set()
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if status.st_ino in linked:
                            continue
                        linked.add(status.st_ino)
                    total += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:
            continue
    return total


class Output:
    """A file that keeps the last of what it is given."""

    def __init__(self, path):
        self._path = path
        self._file = open(path, "wb", buffering=0)
        self._size = 0

    def write(self, data):
        try:
            self._file.write(data)
            self._size += len(data)
            if self._size > OUTPUT_MOST:
                with open(self._path, "rb") as file:
                    file.seek(-OUTPUT_KEPT, os.SEEK_END)
                    last = file.read()
                with open(self._path + ".new", "wb") as file:
                    file.write(last)
                os.replace(self._path + ".new", self._path)
                self._file.close()
                self._file = open(self._path, "ab", buffering=0)
                self._size = len(last)
        except OSError:
            pass  # a full disk must not end the supervisor


class Supervisor:
    def __init__(self, folder, task, state):
        self.timed_out = False
        self._folder = folder
        self._task = task
        self._state = state
        self._reason = None
        self._kill_at = None
        self._child = None
        self._code = None
        self._output = Output(self._path("output.log"))
        self._wake, write = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(write, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            # A handler, not SIG_IGN: that would be the command's too.
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)

    def run(self):
        """The exit code, as a shell gives it, and the reason when there is one to give."""
        if os.path.exists(self._path("stop")):
            return None, "It was stopped before it began."
        command = self._task["command"]
        environment = dict(self._task["environment"], HOME=self._folder, TMPDIR=self._path("tmp"))
        try:
            self._child = subprocess.Popen(
                command, cwd=self._path("tmp"), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                bufsize=0, start_new_session=True, preexec_fn=self._limit)
        except OSError as error:
            return 127, "%s cannot be run: %s." % (command[0], error.strerror)
        write_json(self._path("state.json"), dict(self._state, command_pid=self._child.pid))
        self._watch()
        self._end_all()
        self._drain()
        code = self._child.returncode = self._code
        if code >= 0:
            return code, self._reason
        if self._reason is None:
            name = " (%s)" % signal.Signals(-code).name if -code in set(signal.Signals) else ""
            self._reason = {
                signal.SIGKILL: "It was ended by signal 9 (SIGKILL), perhaps for want of memory.",
                signal.SIGXCPU: "It used more CPU time than its time and cores allow.",
            }.get(-code, "It was ended by signal %d%s." % (-code, name))
        return 128 - code, self._reason

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _limit(self):
        """In the command's process, before it is the command."""
        task = self._task
        limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, task["disk_bytes"]), (resource.RLIMIT_CPU, task["cpu_seconds"])]
        if task["memory_bytes"]:
            limits.append((resource.RLIMIT_AS, task["memory_bytes"]))
        for which, most in limits:
            try:
                hard = resource.getrlimit(which)[1]
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                # Where both are equal, the kernel kills at once, and nobody can say why.
                last = most + 5 if which == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else most
                resource.setrlimit(which, (most, last))
            except (ValueError, OSError):
                pass  # not every system has every limit
        try:
            # When the machine runs out of memory, the command is to go first, not the host.
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
        except OSError:
            pass

    def _watch(self):
        started = time.monotonic()
        next_look = started + 1
        asked = False
        pipe = self._child.stdout.fileno()
        reading = [pipe, self._wake]
        while self._code is None:
            ready = select.select(reading, [], [], 1.0)[0]
            if pipe in ready:
                data = os.read(pipe, 65536)
                self._output.write(data)
                if not data:
                    reading.remove(pipe)
            if self._wake in ready:
                asked |= signal.SIGTERM in os.read(self._wake, 4096)
            self._reap()
            now = time.monotonic()
            if self._kill_at is not None:
                if now > self._kill_at:
                    for pid in [self._child.pid] + descendants():
                        kill(pid, signal.SIGKILL)
            elif asked or os.path.exists(self._path("stop")):
                self._stop("It was stopped.")
            elif now - started > self._task["timeout_seconds"]:
                self.timed_out = True
                self._stop("It ran longer than the %g seconds it was given." % self._task["timeout_seconds"])
            elif now > next_look:
                if disk_use(self._folder) > self._task["disk_bytes"]:
                    self._stop("It used more than %s of disk." % gigabytes(self._task["disk_bytes"]))
                # Looking at a large folder takes time that is the command's.
                spent = time.monotonic() - now
                next_look = now + max(1, 20 * spent)

    def _stop(self, reason):
        self._reason = reason
        self._kill_at = time.monotonic() + self._task["grace_seconds"]
        # The command passes it on to what it runs, or finds it killed after it.
        kill(self._child.pid, signal.SIGTERM, group=True)

    def _reap(self):
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self._child.pid:
                    self._code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        except ChildProcessError:
            pass

    def _end_all(self):
        """Nothing of the command is left when this returns. What hangs in the kernel is waited for."""
        kill(self._child.pid, signal.SIGKILL, group=True)
        pause = 0.01
        while True:
            living = descendants()
            for pid in living:
                kill(pid, signal.SIGKILL)
            self._reap()
            if not living:
                return
            time.sleep(pause)
            pause = min(pause * 1.5, 1)

    def _drain(self):
        pipe = self._child.stdout.fileno()
        while select.select([pipe], [], [], 0.2)[0]:
            data = os.read(pipe, 65536)
            if not data:
                break
            self._output.write(data)


def supervise(folder, task, ready):
    state = dict(identity(), started=utc_now(), command_pid=None)
    write_json(os.path.join(folder, "state.json"), state)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    os.write(ready, b"1")
    os.close(ready)
    supervisor = None
    try:
        supervisor = Supervisor(folder, task, state)
        code, reason = supervisor.run()
    except Exception as error:
        for pid in descendants():
            kill(pid, signal.SIGKILL)
        code, reason = None, "Its supervisor failed: %s: %s" % (type(error).__name__, error)
    timed_out = supervisor is not None and supervisor.timed_out
    write_json(os.path.join(folder, "exit.json"), {"exit_code": code, "reason": reason, "timed_out": timed_out, "finished": utc_now()})


def main():
    folder = sys.argv[1]
    try:
        # At once, or Ctrl-C in the host's terminal would end the start half-way.
        os.setsid()
    except PermissionError:
        pass
    task = json.loads(sys.stdin.buffer.read().decode())
    state = os.path.join(folder, "state.json")
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if os.path.exists(state):
                return  # somebody else has started it
            time.sleep(0.02)
    if os.path.exists(state):
        return
    os.makedirs(os.path.join(folder, "tmp"), exist_ok=True)
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        sys.exit(0 if os.read(read, 1) else "The supervisor did not start.")
    os.close(read)
    os.setsid()
    become_subreaper()
    supervise(folder, task, write)


if __name__ == "__main__":
    main()
