"""Runs one command in a folder, within limits, and outlives the server that started it. ProcessCompute starts it and reads what it leaves.

python3 supervise.py FOLDER, the task as JSON on standard input. It returns as soon as the command has a supervisor:

lock          held (flock) by the supervisor as long as it lives
state.json    written before the command runs: the supervisor's pid, start time and boot, so that it is found again, and its control groups; then the command's pid too
stop          made by the host: end the command; SIGTERM says the same, sooner, and is all that a shutdown says
output.log    the last of the command's standard output and error
exit.json     written once, when nothing of the command runs any more: exit_code, reason, timed_out
tmp, shm      the command's own folders; in a sandbox they are its /tmp and /dev/shm, and all that it can write

python3 supervise.py --probe, the sandbox as JSON on standard input, runs a command in a sandbox and prints why it cannot; nothing when it can.

Python 3.8's standard library only. Where there is no /proc (not Linux), only the command's process group is found and killed.
"""

import sys

if sys.version_info < (3, 8):
    sys.stderr.write("Training in a local process needs Python 3.8 or later; this is %d.%d." % sys.version_info[:2])
    sys.exit(126)

import array
import collections
import datetime
import fcntl
import glob
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

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


# Sandbox

# What programs read of /etc, without what only root may: keys are in /etc/ssl and /etc/pki too.
ETC = (
    "alternatives", "ca-certificates", "crypto-policies", "fonts", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "mime.types", "nsswitch.conf", "passwd", "pki/ca-trust/extracted", "pki/tls/cert.pem", "pki/tls/certs", "pki/tls/openssl.cnf", "protocols", "python3*",
    "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone")

# In the sandbox, before it is the command. SIGTERM reaches the whole process group; bubblewrap, which would end by it and take the command with it, was
# started ignoring it, and the command is not to inherit that. A socket that listens here belongs to the sandbox's network, also in another's hands.
LAUNCHER = """
import array, os, resource, signal, socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
channel.set_inheritable(False)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
if sys.argv[2] != "0":
    resource.setrlimit(resource.RLIMIT_NPROC, (int(sys.argv[2]), int(sys.argv[2])))
passed = []
if sys.argv[3] == "none":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        os.environ[name] = "http://127.0.0.1:%d" % listener.getsockname()[1]
    passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))]
channel.sendmsg([b"begun"], passed)
try:
    os.execvp(sys.argv[4], sys.argv[4:])
except OSError as error:
    channel.send(b"failed " + error.strerror.encode())
    os._exit(127)
"""


def inside(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class Sandbox:
    """bubblewrap's arguments: the machine's programs and libraries read-only, the task's own folders, and nothing else."""

    def __init__(self, box):
        self.network = box["network"]
        self._box = box
        # As it is called, and as it is after all links; of a virtual environment also what it was made from.
        self.python = os.path.realpath(sys.executable) if not os.path.exists(self._venv_file()) else sys.executable

    def arguments(self, folder):
        program = self._box["program"]
        known = subprocess.run([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        # A session of its own it has from Popen already. A second one would take it out of the process group that is told to stop.
        arguments = [program, "--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"]
        if b"--disable-userns" in known:
            arguments.append("--disable-userns")
        if self.network == "none":
            arguments.append("--unshare-net")
        readable = self._readable()
        for path in readable:
            if not inside(path, "/tmp"):
                arguments += self._bind(path)
        for pattern in ETC:
            for path in sorted(glob.glob("/etc/" + pattern)):
                if os.path.exists(path):
                    arguments += ["--ro-bind", path, path]
        # Where root is root outside too, it could set the whole machine's variables in /proc/sys.
        arguments += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
        # Memory's file systems have no quota of the task's: /tmp and /dev/shm are on the disk, and the others cannot be written.
        arguments += ["--bind", os.path.join(folder, "shm"), "/dev/shm", "--remount-ro", "/dev", "--bind", os.path.join(folder, "tmp"), "/tmp"]
        for path in readable:
            if inside(path, "/tmp"):
                arguments += self._bind(path)
        for path in self._hidden(readable):
            arguments += ["--tmpfs", path, "--remount-ro", path]
        return arguments + ["--remount-ro", "/", "--chdir", "/tmp", "--"]

    def launched(self, command, channel, processes):
        return [self.python, "-I", "-S", "-c", LAUNCHER, str(channel), str(processes), self.network] + command

    @staticmethod
    def _bind(path):
        # /bin and /lib are links into /usr on most systems.
        return ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]

    @staticmethod
    def _venv_file():
        return os.path.join(os.path.dirname(os.path.dirname(sys.executable)), "pyvenv.cfg")

    def _readable(self):
        found = ["/usr"] + sorted(path for path in glob.glob("/bin") + glob.glob("/sbin") + glob.glob("/lib*") if os.path.isdir(path))
        wanted = [sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.path.dirname(os.path.realpath(sys.executable)))]
        if os.path.exists(self._venv_file()):
            wanted.append(os.path.dirname(self._venv_file()))
        for path in [os.path.realpath(path) for path in wanted + self._box["read_folders"]]:
            if path != "/" and os.path.isdir(path) and not any(inside(path, other) for other in found):
                found.append(path)
        return found

    def _hidden(self, readable):
        """The server's folders, where they are inside of one that is readable."""
        for path in sorted({os.path.realpath(path) for path in self._box["hidden_folders"]}):
            if os.path.isdir(path) and any(path != other and inside(path, other) for other in readable) and not inside(os.path.realpath(self.python), path):
                yield path


def probe(box):
    """Why no sandbox can be had; empty when one was."""
    folder = tempfile.mkdtemp(prefix="larder-probe-")
    try:
        for name in ("tmp", "shm"):
            os.mkdir(os.path.join(folder, name))
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sandbox = Sandbox(box)
        command = sandbox.arguments(folder) + sandbox.launched(["sh", "-c", "test $$ -lt 100 && echo alone > /tmp/proof"], there.fileno(), 0)
        ran = subprocess.run(
            command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, timeout=60)
        if ran.returncode == 0 and os.path.exists(os.path.join(folder, "tmp", "proof")):
            return ""
        lines = ran.stdout.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "it ended with exit code %d" % ran.returncode
    except (OSError, subprocess.SubprocessError) as error:
        return "%s: %s" % (type(error).__name__, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve_relay(listener, urls):
    """Answers, as a proxy, requests from a sandbox without a network: for the task's own URLs, and with nothing but what bootstrap.py sends.

    A server on the same machine may accept requests of any process, and Azurite has a key that is published. So nothing goes through that could make another
    request of a permitted one: no header with a key of the script's own or with a source to copy from, no query but the URL's own.
    """
    import http.client
    import http.server
    allowed_headers = (
        "content-type", "if-none-match", "range", "x-ms-blob-condition-appendpos", "x-ms-blob-content-type", "x-ms-blob-type", "x-ms-version")
    own = [urllib.parse.urlsplit(url) for url in urls]

    def permitted(target):
        asked = urllib.parse.urlsplit(target)
        path = urllib.parse.unquote(asked.path)
        if "\\" in path or any(part in (".", "..") for part in path.split("/")):
            return False
        query = urllib.parse.parse_qsl(asked.query, keep_blank_values=True)
        base = sorted(pair for pair in query if pair[0] not in ("comp", "blockid"))
        return any(
            asked.scheme == url.scheme == "http" and asked.netloc == url.netloc and inside(path, urllib.parse.unquote(url.path))
            and base == sorted(urllib.parse.parse_qsl(url.query, keep_blank_values=True)) for url in own)

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 120

        def log_message(self, *_):
            pass

        def _refuse(self):
            self.send_error(403, "The job has no network but its own files: Jobs:Process:Network is none")

        def do_CONNECT(self):
            # Inside TLS nothing can be looked at. The only hosts are those of storage, whose keys the task does not have.
            if not any(url.scheme == "https" and self.path == "%s:%d" % (url.hostname, url.port or 443) for url in own):
                self._refuse()
                return
            host, port = self.path.rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=60) as upstream:
                self.send_response_only(200)
                self.end_headers()
                ends = {self.connection: upstream, upstream: self.connection}
                while True:
                    ready = select.select(list(ends), [], [], self.timeout)[0]
                    if not ready:
                        return
                    for end in ready:
                        data = end.recv(65536)
                        if not data:
                            return
                        ends[end].sendall(data)

        def _forward(self):
            length = self.headers.get("Content-Length", "0")
            if not permitted(self.path) or "Transfer-Encoding" in self.headers or not length.isdigit():
                self._refuse()
                return
            asked = urllib.parse.urlsplit(self.path)
            upstream = http.client.HTTPConnection(asked.hostname, asked.port or 80, timeout=60)
            try:
                upstream.putrequest(self.command, "%s?%s" % (asked.path, asked.query), skip_accept_encoding=True)
                for name in allowed_headers:
                    if name in self.headers:
                        upstream.putheader(name, self.headers[name])
                if self.command == "PUT":
                    upstream.putheader("Content-Length", length)
                upstream.endheaders()
                left = int(length) if self.command == "PUT" else 0
                while left:
                    data = self.rfile.read(min(left, 65536))
                    if not data:
                        return
                    upstream.send(data)
                    left -= len(data)
                with upstream.getresponse() as answer:
                    self.send_response_only(answer.status, answer.reason)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("connection", "keep-alive", "transfer-encoding"):
                            self.send_header(name, value)
                    self.end_headers()
                    shutil.copyfileobj(answer, self.wfile)
            finally:
                upstream.close()

        do_GET = do_HEAD = do_PUT = _forward

    # In this process, whose threads and memory no limit of the task's counts.
    free = threading.BoundedSemaphore(32)

    class Relay(http.server.ThreadingHTTPServer):
        def process_request(self, request, address):
            free.acquire()
            super().process_request(request, address)

        def process_request_thread(self, request, address):
            try:
                super().process_request_thread(request, address)
            finally:
                free.release()

        def handle_error(self, *_):
            pass  # a lost connection is the caller's to try again

    relay = Relay(("127.0.0.1", 0), Handler, bind_and_activate=False)
    relay.socket.close()
    relay.socket = listener
    threading.Thread(target=relay.serve_forever, daemon=True).start()


# Control groups


class ControlGroup:
    """Limits of all processes of the task together (cgroups(7)), for as many of memory, pids and cpu as this user may set; in either version."""

    def __init__(self, name, memory_bytes, processes, cores):
        self.controllers = set()
        self.folders = []
        wanted = {"pids": [[("pids.max", processes)]]}
        if memory_bytes:
            wanted["memory"] = [
                [("memory.max", memory_bytes), ("memory.swap.max?", 0)],
                [("memory.limit_in_bytes", memory_bytes), ("memory.memsw.limit_in_bytes?", memory_bytes)]]
        if cores:
            quota = max(1000, int(cores * 100000))
            wanted["cpu"] = [[("cpu.max", "%d 100000" % quota)], [("cpu.cfs_period_us", 100000), ("cpu.cfs_quota_us", quota)]]
        for place, offered in self._places():
            here = set(wanted) - self.controllers
            if offered is None or offered & here:
                self._make(os.path.join(place, name), here if offered is None else offered & here, wanted)

    def enter(self):
        """In the process that is to be limited."""
        for folder in self.folders:
            self._write(folder, "cgroup.procs", 0)

    def killed_for_memory(self):
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                try:
                    with open(os.path.join(folder, name)) as file:
                        if any(line.split()[0] == "oom_kill" and int(line.split()[1]) for line in file):
                            return True
                except OSError:
                    pass
        return False

    def remove(self):
        for folder in self.folders:
            for _ in range(50):
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)  # what was killed is still on its way out

    @staticmethod
    def _places():
        """Folders in which a group may be made, and which controllers are there; None for all that the folder turns out to have."""
        try:
            with open("/proc/self/cgroup") as file:
                own = {controllers: path for _, controllers, path in (line.rstrip("\n").split(":", 2) for line in file)}
            with open("/proc/self/mountinfo") as file:
                mounts = [line.split() for line in file]
        except OSError:
            return
        for fields in mounts:
            kind, options = fields[fields.index("-") + 1], fields[fields.index("-") + 3].split(",")
            for controllers, path in own.items():
                if kind != ("cgroup" if controllers else "cgroup2") or (controllers and not set(controllers.split(",")) <= set(options)):
                    continue
                # In a container the mount's root may be the group that the path names.
                below = os.path.relpath(path, fields[3]) if inside(path, fields[3]) else "."
                place = os.path.normpath(os.path.join(fields[4], below))
                yield place, set(controllers.split(",")) if controllers else None
                # Version 2 has no controllers in a group beside processes; beside our own it may have.
                if not controllers and place != fields[4]:
                    yield os.path.dirname(place), None

    def _make(self, folder, controllers, wanted):
        try:
            os.mkdir(folder)
        except OSError:
            return
        got = {name for name in controllers if any(self._set(folder, settings) for settings in wanted[name])}
        if got and self._can_enter(folder):
            self.controllers |= got
            self.folders.append(folder)
            return
        try:
            os.rmdir(folder)
        except OSError:
            pass

    def _set(self, folder, settings):
        # With a question mark: not every kernel has it.
        return all(self._write(folder, name.rstrip("?"), value) or name.endswith("?") for name, value in settings)

    def _can_enter(self, folder):
        child = os.fork()
        if not child:
            os._exit(0 if self._write(folder, "cgroup.procs", 0) else 1)
        return os.waitpid(child, 0)[1] == 0

    @staticmethod
    def _write(folder, name, value):
        try:
            # Not "w": a file that is not there is not to be made.
            descriptor = os.open(os.path.join(folder, name), os.O_WRONLY)
            try:
                os.write(descriptor, str(value).encode())
            finally:
                os.close(descriptor)
            return True
        except OSError:
            return False


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
    def __init__(self, folder, task, state, group):
        self.timed_out = False
        self._folder = folder
        self._task = task
        self._state = state
        self._group = group
        self._sandbox = Sandbox(task["sandbox"]) if task.get("sandbox") else None
        self._channel = None
        self._begun = self._sandbox is None
        self._not_run = None
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
        command = named = self._task["command"]
        own = "/tmp" if self._sandbox else self._path("tmp")
        environment = dict(self._task["environment"], HOME=own, TMPDIR=own)
        descriptors = []
        if self._sandbox:
            self._channel, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            descriptors = [there.fileno()]
            if command[0] == self._task["python"]:
                # Links and shims that lead to it need not be in the sandbox.
                command = [self._sandbox.python] + command[1:]
            command = self._sandbox.arguments(self._folder) + self._sandbox.launched(command, there.fileno(), self._processes())
        try:
            self._child = subprocess.Popen(
                command, cwd=self._path("tmp"), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                bufsize=0, start_new_session=True, preexec_fn=self._limit, pass_fds=descriptors)
        except OSError as error:
            return 127, "%s cannot be run: %s." % (command[0], error.strerror)
        if self._sandbox:
            there.close()
        write_json(self._path("state.json"), dict(self._state, command_pid=self._child.pid))
        self._watch()
        self._end_all()
        self._drain()
        code = self._child.returncode = self._code
        if self._not_run:
            return 127, "%s cannot be run: %s." % (named[0], self._not_run)
        if not self._begun and self._kill_at is None:
            return None, "Its sandbox could not be made: bubblewrap ended with %d." % code
        if self._sandbox and code - 128 in set(signal.Signals):
            # As bubblewrap tells it.
            code = 128 - code
        if code == -signal.SIGKILL and self._reason is None and self._group.killed_for_memory():
            self._reason = "It used more memory than the %s it was given." % gigabytes(self._task["memory_bytes"])
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
        self._group.enter()
        if self._sandbox:
            # See LAUNCHER.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, task["disk_bytes"]), (resource.RLIMIT_CPU, task["cpu_seconds"])]
        if task["memory_bytes"] and "memory" not in self._group.controllers:
            limits.append((resource.RLIMIT_AS, task["memory_bytes"]))
        for which, most in limits:
            try:
                hard = resource.getrlimit(which)[1]
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                # Where both are equal, the kernel kills at once, and the reason is not known.
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

    def _processes(self):
        """The limit of processes by rlimit, 0 for none: where there is no control group, and the kernel counts the sandbox's only (Linux 5.14), never root's."""
        release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2] if part.isdigit())
        return 0 if "pids" in self._group.controllers or os.geteuid() == 0 or release < (5, 14) else self._task["processes"]

    def _hear(self):
        """What the launcher says from inside the sandbox."""
        try:
            text, passed, _, _ = self._channel.recvmsg(1000, socket.CMSG_SPACE(4))
        except OSError:
            text = passed = None
        if not text:
            return False
        if text.startswith(b"failed "):
            self._not_run = text[7:].decode("utf-8", "replace")
            return True
        self._begun = True
        for level, kind, data in passed:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                serve_relay(socket.socket(fileno=array.array("i", data)[0]), self._task["urls"])
        if self._kill_at is not None:
            # It was told to stop while it could not hear.
            kill(self._child.pid, signal.SIGTERM, group=True)
        return True

    def _watch(self):
        started = time.monotonic()
        next_look = started + 1
        asked = False
        pipe = self._child.stdout.fileno()
        reading = [pipe, self._wake] + ([self._channel] if self._sandbox else [])
        while self._code is None:
            ready = select.select(reading, [], [], 1.0)[0]
            if self._channel in ready and not self._hear():
                reading.remove(self._channel)
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
        # What the launcher said last, before the end was seen.
        while self._sandbox and select.select([self._channel], [], [], 0)[0] and self._hear():
            pass
        pipe = self._child.stdout.fileno()
        while select.select([pipe], [], [], 0.2)[0]:
            data = os.read(pipe, 65536)
            if not data:
                break
            self._output.write(data)


def supervise(folder, task, ready):
    name = "larder-%s-%s-%d" % (*folder.rstrip("/").split("/")[-2:], os.getpid())
    group = ControlGroup(name, task["memory_bytes"], task["processes"], task["cores"])
    state = dict(identity(), started=utc_now(), command_pid=None, control_groups=group.folders)
    write_json(os.path.join(folder, "state.json"), state)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    os.write(ready, b"1")
    os.close(ready)
    supervisor = None
    try:
        supervisor = Supervisor(folder, task, state, group)
        code, reason = supervisor.run()
    except Exception as error:
        for pid in descendants():
            kill(pid, signal.SIGKILL)
        code, reason = None, "Its supervisor failed: %s: %s" % (type(error).__name__, error)
    group.remove()
    timed_out = supervisor is not None and supervisor.timed_out
    write_json(os.path.join(folder, "exit.json"), {"exit_code": code, "reason": reason, "timed_out": timed_out, "finished": utc_now()})


def main():
    if sys.argv[1] == "--probe":
        print(probe(json.loads(sys.stdin.buffer.read().decode())))
        return
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
                return  # another server has started it
            time.sleep(0.02)
    if os.path.exists(state):
        return
    for name in ("tmp", "shm"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
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
