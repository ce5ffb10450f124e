"""Runs one training script, wherever a backend has started it. What it is told and what it leaves is in orchestrations/README.md.

Python 3.8's standard library only. It talks to nothing but the URLs of job.json.
"""

import base64
import collections
import concurrent.futures
import datetime
import hashlib
import html.entities
import http.client
import json
import os
import platform
import re
import select
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request

MIB = 1 << 20
TIMEOUT = 600.0              # seconds without an answer from storage, before it is given up
TIMEOUT_AFTER_STOP = 15.0    # the backend's own grace time runs by then
SINGLE_PUT = 64 * MIB
BLOCK = 8 * MIB
APPEND_BLOCK = 4 * MIB       # the service's limit for one append
PENDING_LOG = 16 * MIB       # unsent lines; a script that writes more waits, as it would for a slow terminal
UPLOADS = 4
SHORTEST_SECRET = 4          # "1" or "yes" would blot out half of every log
LONGEST_WAY = 12             # %F0%9F%98%80
REASON_LENGTH = 300
LINUX = sys.platform.startswith("linux")

# A module of the script's environment, loaded at its start. PIPES names the two pipes, so that no other process that inherits the variable waits for them.
PIPES = "LARDER_OUTPUT_PIPES"
ORDERED_OUTPUT = '''"""Keeps the order in which a script writes to stdout and stderr: before a write to one, it waits until the other is read, for at most a second."""

import fcntl
import io
import os
import struct
import sys
import termios
import time


class Stream(io.FileIO):
    def __init__(self, descriptor, name, other, pipe):
        super().__init__(descriptor, "w", closefd=False)
        self.name = name
        self._other = other
        self._pipe = pipe

    def write(self, data):
        until = time.monotonic() + 1
        while self._is_other_unread() and time.monotonic() < until:
            time.sleep(0.0002)
        return super().write(data)

    def _is_other_unread(self):
        try:
            unread, = struct.unpack("i", fcntl.ioctl(self._other, termios.FIONREAD, bytes(4)))
            return unread > 0 and os.fstat(self._other).st_ino == self._pipe
        except OSError:
            return False


def text(old, descriptor, name, other, pipe):
    return io.TextIOWrapper(Stream(descriptor, name, other, pipe), old.encoding, old.errors, "\\n", write_through=True)


pipes = [str(os.fstat(descriptor).st_ino) for descriptor in (1, 2)] if sys.stdout and sys.stderr else []
if ":".join(pipes) == os.environ.get("%s"):
    sys.stdout = sys.__stdout__ = text(sys.stdout, 1, "<stdout>", 2, int(pipes[1]))
    sys.stderr = sys.__stderr__ = text(sys.stderr, 2, "<stderr>", 1, int(pipes[0]))
''' % PIPES


class Failure(Exception):
    """Ends the job; the text is the reason, a sentence."""


class Stopped(Exception):
    """SIGTERM came."""


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say(text):
    """A message in the backend's own output. The pipe may be closed; that changes nothing."""
    try:
        print(text, flush=True)
    except OSError:
        pass


# Processes


def become_subreaper():
    """What the script leaves behind becomes this process's child, so that it is found (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def descendants():
    """Living processes below this one. Empty where there is no /proc."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
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


def end_descendants(group):
    """Kills all that is left below this process; where it cannot be found, the group."""
    kill(group, signal.SIGKILL, group=True)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        living = descendants()
        for pid in living:
            kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if not living:
            return
        time.sleep(0.01)


class Stop:
    """SIGTERM: passed on to the child's group, and followed by SIGKILL after the grace time."""

    def __init__(self):
        self.event = threading.Event()
        self.grace = 10.0
        self._lock = threading.Lock()
        self._child = None
        self._child_ended = threading.Event()
        # A Python signal handler could run in the middle of anything, with any lock held; a thread that reads the wake-up pipe cannot.
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, daemon=True).start()

    def check(self):
        if self.event.is_set():
            raise Stopped()

    def child_started(self, pid):
        with self._lock:
            self._child = pid
            self._child_ended.clear()
            if self.event.is_set():
                self._end(pid)

    def child_ended(self):
        with self._lock:
            self._child = None
            self._child_ended.set()

    def _watch(self):
        while os.read(self._read, 1)[0] != signal.SIGTERM:
            pass
        with self._lock:
            self.event.set()
            if self._child:
                self._end(self._child)

    def _end(self, pid):
        kill(pid, signal.SIGTERM, group=True)
        threading.Thread(target=self._kill_later, args=(pid,), daemon=True).start()

    def _kill_later(self, pid):
        if not self._child_ended.wait(self.grace):
            kill(pid, signal.SIGKILL, group=True)
            for below in descendants():
                kill(below, signal.SIGKILL)


def wait_for(child):
    """The child's return code. Orphans that end meanwhile are reaped, or they would pile up as zombies."""
    if LINUX:
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid
            if ended == child.pid:
                break
            os.waitpid(ended, 0)
    return child.wait()


def run(command, folder, environment, log, stop):
    """Runs a program to its end, its output into the log. Gives its return code and the lines that it wrote to stderr last."""
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    environment = dict(environment, **{PIPES: "%d:%d" % (os.fstat(out).st_ino, os.fstat(err).st_ino)})
    try:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out_end, stderr=err_end, start_new_session=True)
    finally:
        os.close(out_end)
        os.close(err_end)
    stop.child_started(child.pid)
    reader = Reader(out, err, log)
    code = wait_for(child)
    stop.child_ended()
    end_descendants(child.pid)
    reader.finish()
    return code, list(reader.errors.last)


# Storage


class StorageError(Exception):
    """Storage refused, or did not answer for too long. The text has no URL: those are secrets."""


Answer = collections.namedtuple("Answer", "status headers body attempts")


class Storage:
    """Requests to blob storage, tried again while that may help."""

    def __init__(self, stop):
        self._stop = stop

    def send(self, method, url, headers=None, body=b"", also=()):
        """One request. A status that is neither a success nor in `also` is a StorageError. A body that is a file is sent from its start."""
        attempts = Attempts(self._stop)
        while True:
            try:
                with self._open(method, url, headers, body) as response:
                    return Answer(response.status, response.headers, response.read(), attempts.count + 1)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in also:
                        return Answer(error.code, error.headers, b"", attempts.count + 1)
                    attempts.failed(error)
            except (OSError, http.client.HTTPException) as error:
                attempts.failed(error)

    def exists(self, url):
        # 403: a URL that may only create says nothing about what is there; the write at the end will.
        return self.send("HEAD", url, also=(403, 404)).status == 200

    def download(self, url, path):
        """Streams a blob into a file, going on where a lost connection left off. Gives its SHA-256."""
        attempts = Attempts(self._stop)
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            while True:
                try:
                    headers = {"Range": "bytes=%d-" % file.tell()} if file.tell() else {}
                    with self._open("GET", url, headers) as response:
                        if response.status != 206 and file.tell():
                            file.seek(0)
                            file.truncate()
                            digest = hashlib.sha256()
                        left = int(response.headers["Content-Length"])
                        while left:
                            self._stop.check()
                            chunk = response.read(min(left, MIB))
                            if not chunk:
                                raise http.client.IncompleteRead(b"", left)
                            file.write(chunk)
                            digest.update(chunk)
                            left -= len(chunk)
                            attempts.progressed()
                    return digest.hexdigest()
                except urllib.error.HTTPError as error:
                    with error:
                        attempts.failed(error)
                except (urllib.error.URLError, ConnectionError, socket.timeout, ssl.SSLError, http.client.HTTPException) as error:
                    attempts.failed(error)

    def upload(self, url, path, size):
        with open(path, "rb") as file:
            if size <= SINGLE_PUT:
                self.send("PUT", url, {"x-ms-blob-type": "BlockBlob", "Content-Length": str(size)}, file)
                return
            blocks = []
            while True:
                self._stop.check()
                data = file.read(BLOCK)
                if not data:
                    break
                blocks.append(base64.b64encode(b"%08d" % len(blocks)).decode())
                self.send("PUT", url + "&comp=block&blockid=" + urllib.parse.quote(blocks[-1], safe=""), body=data)
        xml = "<BlockList>%s</BlockList>" % "".join("<Latest>%s</Latest>" % block for block in blocks)
        self.send("PUT", url + "&comp=blocklist", body=b'<?xml version="1.0" encoding="utf-8"?>' + xml.encode())

    @staticmethod
    def _open(method, url, headers=None, body=b""):
        if hasattr(body, "seek"):
            body.seek(0)
        request = urllib.request.Request(url, method=method, data=body if method == "PUT" else None)
        request.add_header("x-ms-version", "2020-10-02")
        if method == "PUT":
            request.add_header("Content-Type", "application/octet-stream")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        return urllib.request.urlopen(request, timeout=60)


class Attempts:
    """When to try again, and when to give up."""

    def __init__(self, stop):
        self.count = 0
        self._stop = stop
        self.progressed()

    def progressed(self):
        self._since = time.monotonic()
        self._delay = 0.25

    def failed(self, error):
        """Returns after a while, when another attempt may help."""
        self.count += 1
        if isinstance(error, urllib.error.HTTPError):
            text = "storage answered %d %s" % (error.code, error.headers.get("x-ms-error-code") or error.reason)
            if error.code not in (408, 429, 500, 502, 503, 504):
                raise StorageError(text)
        else:
            reason = getattr(error, "reason", error)
            text = "storage cannot be reached: %s" % (getattr(reason, "strerror", None) or type(reason).__name__)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise StorageError(text)
        timeout = TIMEOUT_AFTER_STOP if self._stop.event.is_set() else TIMEOUT
        if time.monotonic() - self._since > timeout:
            raise StorageError(text)
        delay, self._delay = self._delay, min(self._delay * 2, 15.0)
        if isinstance(error, urllib.error.HTTPError) and (error.headers.get("Retry-After") or "").isdigit():
            delay = min(max(delay, int(error.headers["Retry-After"])), 60.0)
        if self._stop.event.is_set():
            time.sleep(min(delay, 1.0))
        else:
            self._stop.event.wait(delay)


# Log


def ways_to_write(unit):
    """How programs write a character (or the end of a line): as it is, and in URLs, HTML, JSON and Python."""
    if len(unit) == 1 and unit.isascii() and unit.isalnum():
        return [unit]
    # Lines are looked at without their ends.
    found = ["" if unit in ("\r\n", "\n") else unit]
    escaped = [(["%%%02x" % byte for byte in unit.encode("utf-8", "replace")])]
    utf16 = unit.encode("utf-16-be", "surrogatepass")
    escaped.append(["\\u%02x%02x" % (utf16[index], utf16[index + 1]) for index in range(0, len(utf16), 2)])
    escaped.append(["&#x%x;" % ord(character) for character in unit])
    escaped.append(["\\x%02x" % ord(character) if ord(character) < 256 else "\\U%08x" % ord(character) for character in unit])
    for parts in escaped:
        # Hexadecimal digits in either case, not the letters before them.
        found += ["".join(parts), "".join(re.sub("(?<=[%uxU])[0-9a-f]+", lambda digits: digits.group().upper(), part) for part in parts)]
    found.append("".join("&#%d;" % ord(character) for character in unit))
    if len(unit) == 1 and ord(unit) in html.entities.codepoint2name:
        found.append("&%s;" % html.entities.codepoint2name[ord(unit)])
    short = {"\r\n": ["\\r\\n"], "\n": ["\\n"], "\r": ["\\r"], "\t": ["\\t"], "\b": ["\\b"], "\f": ["\\f"], " ": ["+"], "'": ["\\'", "&apos;"]}
    found += short.get(unit, ["\\" + unit] if unit in '"\\/' else [])
    return list(dict.fromkeys(found))


class Form:
    """One way in which a value may be written: for each character the texts that stand for it."""

    ANCHOR = 32

    def __init__(self, units):
        self._units = units
        self.longest = sum(max(len(way.encode("utf-8", "replace")) for way in ways) for ways in units)
        self._firsts = {way[0] for way in units[0]}
        # What every way of writing it has: a search for that is much faster than one for all ways.
        self._at, length = 0, 0
        start = 0
        for index in range(len(units) + 1):
            if index == len(units) or len(units[index]) > 1:
                if index - start > length:
                    self._at, length = start, index - start
                start = index + 1
        self._anchor = "".join(ways[0] for ways in units[self._at:self._at + min(length, self.ANCHOR)])

    def find(self, text):
        """Where it is: pairs of start and end."""
        place = 0
        while True:
            place, anchor = self._next(text, place)
            if place < 0:
                return
            starts = self._before(self._units[:self._at], text, place)
            ends = starts and self._after(self._units[self._at + anchor:], text, place + anchor)[0]
            if ends:
                yield min(starts), max(ends)
                place = max(max(ends), place + 1)
            else:
                place += 1

    def begins(self, text):
        """Where it begins and goes on to the end of the text, its rest still missing; the text's length when nowhere."""
        for start in range(max(0, len(text) - self.longest), len(text)):
            if text[start] in self._firsts and self._after(self._units, text, start)[1]:
                return start
        return len(text)

    def _next(self, text, place):
        """The next place of the anchor, and how many characters that is; -1 for none."""
        if self._anchor:
            return text.find(self._anchor, place), len(self._anchor)
        while place < len(text) and text[place] not in self._firsts:
            place += 1
        return (place if place < len(text) else -1), 0

    @staticmethod
    def _before(units, text, place):
        """Where units may begin that end at a place."""
        places = {place}
        for ways in reversed(units):
            places = {place - len(way) for place in places for way in ways if text.endswith(way, 0, place)}
        return places

    @staticmethod
    def _after(units, text, place):
        """Where units may end that begin at a place; and whether the text ends before they may."""
        places, unfinished = {place}, False
        for ways in units:
            unfinished = unfinished or any(
                len(text) - place < len(way) and way.startswith(text[place:]) for place in places if place + LONGEST_WAY > len(text) for way in ways)
            places = {place + len(way) for place in places for way in ways if text.startswith(way, place)}
            if not places:
                break
        return places, unfinished


class Mask:
    """Replaces secret values, and each line of one that has several: as they are and as URLs, HTML, JSON, Python and base64 write them, also when
    lines end in between (as base64 is wrapped)."""

    def __init__(self, secrets):
        texts = dict.fromkeys(form for secret in secrets for part in [secret] + re.split(r"[\r\n]+", secret) for form in (part.strip("\r\n"), part.strip()))
        self._forms = []
        for text in texts:
            if len(text) >= SHORTEST_SECRET:
                self._forms.append(Form([ways_to_write(unit) for unit in re.findall("\r\n|.", text, re.DOTALL)]))
                self._forms += map(Form, self._base64(text.encode("utf-8", "replace")))
        self.longest = max((form.longest for form in self._forms), default=0)

    def __call__(self, text):
        """A text of one line without them."""
        return self.lines([text])[0]

    def lines(self, lines, is_end=True):
        """Lines without them. What went over several leaves its mark in each. Unless it is the end, those are left out, from the first, that have
        something of a value whose rest may be in a line that has not come yet."""
        if not self._forms:
            return lines
        text = "".join(lines)
        apart = self._find(text)
        if not is_end:
            begun = min(form.begins(text) for form in self._forms)
            whole, at = 0, 0
            while whole < len(lines) and at + len(lines[whole]) <= begun:
                at += len(lines[whole])
                whole += 1
            # What goes over the border is not cut there.
            while any(start < at < end for start, end in apart):
                whole -= 1
                at -= len(lines[whole])
            lines = lines[:whole]
        masked, at, first = [], 0, 0
        for line in lines:
            end = at + len(line)
            while first < len(apart) and apart[first][1] <= at:
                first += 1
            pieces, index = [], first
            while index < len(apart) and apart[index][0] < end:
                pieces += [text[at:max(at, apart[index][0])], "***"]
                at = min(apart[index][1], end)
                index += 1
            masked.append("".join(pieces) + text[at:end])
            at = end
        return masked

    def _find(self, text):
        """Where values are: starts and ends, in order, none over another."""
        apart = []
        for start, end in sorted((place for form in self._forms for place in form.find(text)), key=lambda place: (place[0], -place[1])):
            if apart and start < apart[-1][1]:
                apart[-1][1] = max(apart[-1][1], end)
            else:
                apart.append([start, end])
        return apart

    @staticmethod
    def _base64(value):
        """Forms of a value in base64, alone or within something longer: what is the same whatever stands before and behind it."""
        forms = []
        for before in range(3):
            first, last = -(-8 * before // 6), 8 * (before + len(value)) // 6
            digits = base64.b64encode(bytes(before) + value).decode()[first:last]
            if len(digits) < (5 if before == 0 else 8):
                continue
            form = [ways_to_write(digit) + {"+": ["-"], "/": ["_"]}.get(digit, []) for digit in digits]
            forms.append(form)
            if before == 0:
                # Alone: with the digit that has its last bits, and with what fills it up.
                rest = [ways_to_write(digit) + {"+": ["-"], "/": ["_"]}.get(digit, []) for digit in base64.b64encode(value).decode()[last:]]
                if rest:
                    forms += [form + rest[:1], form + rest]
        return forms


class Log:
    """The job's numbered lines, in an append blob. Each append names the position that it expects, so none can come twice."""

    def __init__(self, storage, url, limits, mask):
        self.mask = mask
        self.line_bytes = min(int(limits["log_line_bytes"]), APPEND_BLOCK // 8)
        self.lines = 0               # acknowledged by storage
        self._storage = storage
        self._url = url
        self._room = int(limits["log_bytes"])
        self._flush_bytes = max(64 << 10, min(self._room // 5000, APPEND_BLOCK))
        self._changed = threading.Condition()
        self._pending = collections.deque()
        self._pending_bytes = 0
        self._number = self._position = self._blocks = 0
        self._full = self._broken = self._closing = False
        self._begin()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    def say(self, text):
        self.add("sys", [self.mask(text)])

    def add(self, stream, lines):
        """Takes lines that are masked and cut. Waits while too much is unsent."""
        head = '"t":"%s","s":"%s","m":' % (utc_now(), stream)
        with self._changed:
            while self._pending_bytes > PENDING_LOG and not self._broken:
                self._changed.wait()
            if self._broken:
                return
            for line in lines:
                if self._full:
                    break
                if not self._take(head + json.dumps(line, ensure_ascii=False), keep=256):
                    self._full = True
                    text = "The log is full: what follows is left out."
                    self._take('"t":"%s","s":"sys","m":"%s"' % (utc_now(), text), keep=0)
            self._changed.notify_all()

    def close(self):
        """Returns when all lines are in storage, or storage is given up."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._sender.join()

    def _take(self, text, keep):
        data = ('{"n":%d,%s}\n' % (self._number + 1, text)).encode("utf-8", "replace")
        if len(data) + keep > self._room:
            return False
        self._number += 1
        self._room -= len(data)
        self._pending.append(data)
        self._pending_bytes += len(data)
        return True

    def _begin(self):
        """Creates the blob; goes on with one that is there (a container that was started twice)."""
        # Asked first: not every emulator heeds the condition.
        there = self._storage.send("HEAD", self._url, also=(403, 404))
        if there.status != 200:
            created = self._storage.send("PUT", self._url, {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"}, also=(409, 412))
            if created.status != 201 and created.attempts == 1:
                raise StorageError("the log is there already, and its URL does not let it be read")
            return
        headers = there.headers
        self._position = int(headers["Content-Length"])
        self._blocks = int(headers.get("x-ms-blob-committed-block-count") or 0)
        self._room -= self._position
        if self._position:
            tail = {"Range": "bytes=%d-%d" % (max(0, self._position - APPEND_BLOCK), self._position - 1)}
            last = self._storage.send("GET", self._url, tail).body.splitlines()[-1]
            self._number = self.lines = json.loads(last)["n"]

    def _interval(self):
        # Append blobs hold 50,000 blocks: this way a script that never falls silent fills them in more than a week.
        return 0.5 * 2 ** (self._blocks // 5000)

    def _send(self):
        while True:
            with self._changed:
                while not self._pending and not self._closing:
                    self._changed.wait()
                if not self._pending:
                    return
                until = time.monotonic() + self._interval()
                while self._pending_bytes < self._flush_bytes and not self._closing:
                    left = until - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
                batch, size = [], 0
                while self._pending and size + len(self._pending[0]) <= APPEND_BLOCK:
                    batch.append(self._pending.popleft())
                    size += len(batch[-1])
            try:
                self._append(b"".join(batch), len(batch))
            except Exception as error:  # whatever it is, the script must be able to go on
                say("The log is lost from here: %s" % (error if isinstance(error, StorageError) else type(error).__name__))
                with self._changed:
                    self._broken = True
                    self._pending.clear()
                    self._pending_bytes = 0
                    self._changed.notify_all()
                return
            with self._changed:
                self._pending_bytes -= size
                self._changed.notify_all()

    def _append(self, data, lines):
        position = {"x-ms-blob-condition-appendpos": str(self._position)}
        answer = self._storage.send("PUT", self._url + "&comp=appendblock", position, data, also=(412,))
        # This is the only writer: the position is wrong only when a request succeeded whose answer was lost.
        if answer.status == 412 and answer.attempts == 1:
            raise StorageError("another process writes to the log")
        self._position += len(data)
        self._blocks += 1
        self.lines += lines


class Reader(threading.Thread):
    """Reads stdout and stderr of a child as they come, both in one thread, so that the log has the order in which it read them."""

    def __init__(self, out, err, log):
        super().__init__(daemon=True)
        self.errors = Lines("err", log)
        self._open = {out: Lines("out", log), err: self.errors}
        self._ended = threading.Event()
        self.start()

    def finish(self):
        """The child has ended. A pipe that another process holds open is left when nothing comes any more."""
        self._ended.set()
        self.join()

    def run(self):
        while self._open:
            ready = select.select(list(self._open), [], [], 1.0)[0]
            for pipe in ready:
                if not self._open[pipe].read(pipe):
                    self._close(pipe)
            for lines in self._open.values():
                lines.release()
            if not ready and self._ended.is_set():
                break
        for pipe in list(self._open):
            self._close(pipe)

    def _close(self, pipe):
        self._open.pop(pipe).end()
        os.close(pipe)


class Metrics(threading.Thread):
    """Follows the file in which the script writes metrics, and keeps its lines, each an object of numbers by name, in a blob of their own."""

    def __init__(self, path, storage, url, limits, log):
        super().__init__(daemon=True)
        self._path = path
        self._open_blob = lambda: Log(storage, url, limits, log.mask)
        self._line_bytes = log.line_bytes
        self._log = log
        self._blob = None
        self._offset = self._refused = 0
        self._ended = threading.Event()
        self.start()

    def run(self):
        while not self._ended.wait(0.2):
            if not self._follow():
                return

    def finish(self):
        """Returns when all lines are in storage, or storage is given up."""
        self._ended.set()
        self.join()
        self._follow(is_end=True)
        if self._refused:
            self._log.say("%d lines of metrics were left out: a line is an object of numbers by name, of at most %d bytes." % (self._refused, self._line_bytes))
        if self._blob:
            self._blob.close()

    def _follow(self, is_end=False):
        try:
            while self._read(is_end):
                pass
            return True
        except Exception as error:  # whatever it is, the script must be able to go on
            say("Metrics are lost from here: %s" % (error if isinstance(error, StorageError) else type(error).__name__))
            return False

    def _read(self, is_end):
        """Reads what is new; false when that was all. The last line need not be a whole one."""
        if not os.path.isfile(self._path):
            return False
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read(MIB)
        end = data.rfind(b"\n") + 1
        if (not end and len(data) == MIB) or (is_end and len(data) < MIB):
            end = len(data)
        self._offset += end
        texts = [self._text(line) for line in data[:end].splitlines() if line.strip()]
        self._refused += texts.count(None)
        kept = [text for text in texts if text]
        if kept:
            self._blob = self._blob or self._open_blob()
            self._blob.add("metric", kept)
        return len(data) == MIB

    def _text(self, line):
        try:
            read = json.loads(line.decode("utf-8"))
        except ValueError:
            return None
        if not isinstance(read, dict) or any(type(value) not in (int, float) for value in read.values()):
            return None
        # JSON has no word for numbers that are not finite; here they are texts.
        words = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
        text = json.dumps({name: "NaN" if value != value else words.get(value, value) for name, value in read.items()}, ensure_ascii=False)
        return text if len(text.encode("utf-8", "replace")) <= self._line_bytes and self._log.mask(text) == text else None


class Lines:
    """The lines of one stream: ended by \n, \r\n or \r (progress bars), cut at a length, masked."""

    def __init__(self, stream, log):
        self.last = collections.deque(maxlen=50)
        self._stream = stream
        self._log = log
        # So much of a line is kept that a secret which begins before the cut is there whole, and masked before it is cut.
        self._keep = log.line_bytes + log.mask.longest
        self._rest = b""
        self._held = []
        self._read_at = time.monotonic()
        self._after_return = False

    def read(self, descriptor):
        """Reads what there is. False at the end of the stream."""
        data = os.read(descriptor, 4 * 65536)
        self._read_at = time.monotonic()
        if data:
            self._feed(data)
        return bool(data)

    def release(self):
        """Sends the lines that were held back, once nothing has come for a second."""
        if self._held and time.monotonic() - self._read_at >= 1:
            self._emit([], all_of_it=True)

    def end(self):
        self._emit([self._rest] if self._rest else [], all_of_it=True)

    def _feed(self, data):
        if self._after_return and data.startswith(b"\n"):
            data = data[1:]
        self._after_return = data.endswith(b"\r")
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        lines[0] = self._rest + lines[0]
        self._rest = lines.pop()[:self._keep + 1]
        if lines:
            self._emit([line[:self._keep + 1] for line in lines])

    def _emit(self, raw, all_of_it=False):
        """Sends lines, but not those at whose end a secret may have begun: they wait for the next line, or for a second without one."""
        raw = self._held + raw
        lines = [line.decode("utf-8", "replace") for line in raw]
        lines = self._log.mask.lines(lines, is_end=all_of_it or sum(map(len, raw)) > MIB)
        self._held = raw[len(lines):]
        limit = self._log.line_bytes
        for index, line in enumerate(lines):
            if len(raw[index]) > limit:
                lines[index] = self._cut(line, limit, len(raw[index]) > self._keep)
        self.last.extend(line for line in lines[-50:] if line.strip())
        if lines:
            self._log.add(self._stream, lines)

    def _cut(self, line, limit, was_cut):
        data = line.encode("utf-8", "replace")
        # At the end of what was kept may be the first half of a secret, which no mask finds.
        end = min(limit, max(0, len(data) - self._log.mask.longest)) if was_cut else limit
        if end >= len(data):
            return line
        return data[:end].decode("utf-8", "ignore") + " [cut: the line is longer than %d bytes]" % limit


# Work folder


def safe_name(name):
    """The last part of a given file name, as a name for a new file. Unicode is kept."""
    name = re.split(r"[\\/]", name)[-1]
    name = re.sub(r"^[A-Za-z]:", "", name)
    # Control characters, lone surrogates, and those that turn the direction of text.
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs") and not "\u202a" <= c <= "\u202e" and not "\u2066" <= c <= "\u2069")
    name = name.strip().rstrip(".")
    stem, extension = os.path.splitext(name)
    if len(name.encode()) > 200:
        extension = extension if len(extension.encode()) <= 20 else ""
        name = stem.encode()[:200 - len(extension.encode())].decode("utf-8", "ignore") + extension
    if not name:
        return "dataset"
    return "dataset-" + name if name.casefold() in ("train.py", "requirements.txt") else name


def needs_pip(path):
    """Whether anything is left of a requirements file without comments."""
    with open(path, "rb") as file:
        lines = file.read().decode("utf-8-sig", "replace").splitlines()
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(MIB), b""):
            digest.update(chunk)
    return digest.hexdigest()


def is_model(path, model):
    """Whether a path could be the model's, by its name."""
    name = path.rpartition("/")[2]
    return name == model or name.casefold().endswith(".onnx")


def names_model(manifest):
    """Whether there is a larder.json that says which file is the model, or that cannot be read, which the server then says."""
    try:
        with open(manifest, "rb") as file:
            return "model" in json.load(file)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, TypeError):
        return True


class Job:
    """One run: inputs, environment, requirements, script, outputs."""

    def __init__(self, job, storage, stop, log):
        self.exit = {"exit_code": None, "stage": "inputs", "reason": None, "started": utc_now(), "python": platform.python_version(), "outputs": [], "found": []}
        self._job = job
        self._storage = storage
        self._stop = stop
        self._log = log
        # TMPDIR is the backend's to say.
        self._base = os.path.realpath(tempfile.mkdtemp(prefix="larder-"))
        self._work = os.path.join(self._base, "work")
        self._outputs = os.path.join(self._base, "outputs")
        self._metrics = os.path.join(self._base, "metrics.jsonl")
        self._venv = os.path.join(self._base, "venv")
        self._python = os.path.join(self._venv, "bin", "python")
        self._dataset = None
        self._input_hashes = set()
        os.mkdir(self._work)
        os.mkdir(self._outputs)

    def run(self):
        """Never throws: what went wrong is in `exit`."""
        ran = False
        try:
            self._fetch_inputs()
            self._begin("environment")
            self._make_environment()
            self._begin("requirements")
            self._install_requirements()
            self._begin("script")
            ran = True
            self._run_script()
        except Exception as error:
            self._fail(error)
        if ran and not self._stop.event.is_set():
            try:
                self._keep_files()
            except Exception as error:
                self._begin("outputs", check=False)
                self._fail(error)
        if not self.exit["reason"]:
            self.exit["stage"] = "done"

    def _begin(self, stage, check=True):
        if check:
            self._stop.check()
        if not self.exit["reason"]:
            self.exit["stage"] = stage

    def _fail(self, error):
        if isinstance(error, Stopped) or self._stop.event.is_set():
            reason = "stopped"
        elif isinstance(error, Failure):
            reason = str(error)
        elif isinstance(error, OSError):
            reason = "The machine failed at stage %s: %s." % (self.exit["stage"], error.strerror or type(error).__name__)
        elif isinstance(error, StorageError):
            reason = "Storage failed at stage %s: %s." % (self.exit["stage"], error)
        else:
            reason = "bootstrap.py failed at stage %s: %s: %s" % (self.exit["stage"], type(error).__name__, error)
        reason = self._log.mask(reason)[:REASON_LENGTH]
        self._log.say(reason)
        # The first reason is the one: what failed later may have failed because of it.
        self.exit["reason"] = self.exit["reason"] or reason

    def _fetch_inputs(self):
        inputs = self._job["inputs"]
        self._fetch("script", "train.py")
        if inputs.get("requirements"):
            self._fetch("requirements", "requirements.txt")
        if inputs.get("dataset"):
            name = safe_name(inputs["dataset"].get("file_name") or "")
            self._dataset = self._fetch("dataset", name)
            csv = os.path.join(self._work, "dataset.csv")
            if name.casefold().endswith(".csv") and not os.path.exists(csv):
                try:
                    os.link(self._dataset, csv)
                except OSError:
                    shutil.copyfile(self._dataset, csv)

    def _fetch(self, what, name):
        self._stop.check()
        path = os.path.join(self._work, name)
        expected = self._job["inputs"][what]["sha256"].lower()
        try:
            for _ in range(3):
                actual = self._storage.download(self._job["inputs"][what]["url"], path)
                if actual == expected:
                    self._input_hashes.add(actual)
                    return path
        except StorageError as error:
            raise Failure("The %s could not be fetched: %s." % (what, error))
        raise Failure("The %s that was fetched is not the one that was sent: its SHA-256 is %s." % (what, actual))

    def _environment(self):
        environment = dict(os.environ)
        environment.update(self._job.get("environment") or {})
        environment.update({
            "LARDER_MODEL": self._job["model"],
            "LARDER_JOB_ID": self._job["job"],
            "LARDER_ATTEMPT": str(self._job["attempt"]),
            "LARDER_OUTPUT_DIR": self._outputs,
            "LARDER_METRICS": self._metrics,
            "LARDER_ARGUMENTS": json.dumps(self._job.get("arguments") or []),
            "PYTHONUNBUFFERED": "1",
            "VIRTUAL_ENV": self._venv,
            "PATH": os.pathsep.join([os.path.dirname(self._python), environment.get("PATH", os.defpath)]),
        })
        if self._dataset:
            environment["LARDER_DATASET"] = self._dataset
        return environment

    def _call(self, *command, environment=None):
        code, errors = run(list(command), self._work, environment or self._environment(), self._log, self._stop)
        self._stop.check()
        return code, errors

    def _make_environment(self):
        # Without pip it needs no ensurepip, which Debian keeps in a package of its own, and is much faster. In this process: to start another Python takes longer.
        try:
            import venv
            venv.EnvBuilder(system_site_packages=True, symlinks=True).create(self._venv)
        except Exception as error:
            raise Failure("The virtual environment could not be made: %s" % error)
        packages = os.path.join(self._venv, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
        files = {"larder_output.py": ORDERED_OUTPUT, "larder_output.pth": "import larder_output\n"}
        if sys.prefix != sys.base_prefix:
            # This Python is a virtual environment's: its packages are the ones that the machine's owner means.
            files["outer.pth"] = sysconfig.get_paths()["purelib"] + "\n"
        for name, content in files.items():
            with open(os.path.join(packages, name), "w") as file:
                file.write(content)

    def _install_requirements(self):
        path = os.path.join(self._work, "requirements.txt")
        if not os.path.exists(path) or not needs_pip(path):
            return
        self._log.say("Installing the requirements.")
        if self._quietly("-c", "import pip") and not self._quietly("-c", "import ensurepip"):
            self._call(self._python, "-m", "ensurepip")
        code, errors = self._call(
            self._python, "-m", "pip", "install", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off", "-r", path)
        if code:
            told = [line for line in errors if line.startswith("ERROR:")] or errors
            raise Failure("The requirements could not be installed: %s" % (told[-1] if told else "pip ended with exit code %d" % code))

    def _quietly(self, *arguments):
        return subprocess.call([self._python] + list(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _run_script(self):
        say("Running the script.")
        metrics = Metrics(self._metrics, self._storage, self._job["metrics_url"], self._job["limits"], self._log)
        try:
            code, errors = run(
                [self._python, os.path.join(self._work, "train.py")] + list(self._job.get("arguments") or []),
                self._work, self._environment(), self._log, self._stop)
        finally:
            metrics.finish()
        self.exit["exit_code"] = code if code >= 0 else 128 - code
        self._stop.check()
        if code < 0:
            name = " (%s)" % signal.Signals(-code).name if -code in set(signal.Signals) else ""
            guess = {signal.SIGKILL: ", perhaps for want of memory", signal.SIGXCPU: ", having used more CPU time than it may"}.get(-code, "")
            raise Failure("The script was ended by signal %d%s%s." % (-code, name, guess))
        if code > 0:
            raise Failure("The script ended with exit code %d%s" % (code, ": " + errors[-1].strip() if errors else "."))

    # Outputs

    def _keep_files(self):
        self._begin("outputs")
        limits = self._job["limits"]
        outputs = sorted(self._files(self._outputs, lambda name: True))
        model = self._job["model"]
        named = self._job.get("model_file")
        names = [named] if named else [model, model + ".onnx"]
        left = sorted(self._files(self._work, lambda name: name in names or name == "metrics.json" or (not named and is_model(name, model))))
        found = [path for path in left if path.rpartition("/")[2] in names]
        if not found and not named and not any(is_model(path, model) for path in outputs) and not names_model(os.path.join(self._outputs, "larder.json")):
            # Under another name: the only one is the model, and of several the reason names them.
            found = [path for path in left if is_model(path, model)]
        # Files in which exporters keep a model's weights, beside it.
        found += sorted(self._files(self._work, lambda name: name.endswith((".data", "_data")))) if found else []
        found = [path for path in found if not path.endswith((".data", "_data")) or path[:-5] in found]
        if "metrics.json" in left and "metrics.json" not in outputs + found:
            found.append("metrics.json")
        files, size = [], 0
        for kind, root, paths in (("found", self._work, found), ("outputs", self._outputs, outputs)):
            for path in paths:
                whole = os.path.join(root, path)
                length = os.stat(whole).st_size
                # Models come first and what fits is kept, so that a job that wrote too much is not lost altogether.
                if len(files) < limits["output_files"] and size + length <= limits["output_bytes"]:
                    files.append((kind, path, whole, length))
                    size += length
        with concurrent.futures.ThreadPoolExecutor(UPLOADS) as pool:
            for kind, entry in pool.map(self._keep, files):
                if entry:
                    self.exit[kind].append(entry)
        if len(files) < len(outputs) + len(found):
            raise Failure("The script left more than is kept: %d of %d files were; a job may leave %d files and %d bytes." % (
                len(files), len(outputs) + len(found), limits["output_files"], limits["output_bytes"]))

    def _keep(self, file):
        kind, path, whole, size = file
        self._stop.check()
        digest = sha256_of(whole)
        if kind == "found" and digest in self._input_hashes:
            return kind, None
        account, _, signature = self._job["files_url"].partition("?")
        name = "%s%s/%s" % (self._job["files_prefix"], kind, path)
        self._storage.upload("%s/%s?%s" % (account, urllib.parse.quote(name), signature), whole, size)
        return kind, {"path": path, "size": size, "sha256": digest}

    def _files(self, root, wanted):
        """Paths of files below a folder. Links to files of the job are kept as files; what links lead to elsewhere is not the job's."""
        if os.path.realpath(root) != root:
            self._log.say("%s is a link, and not followed." % os.path.basename(root))
            return
        for folder, folders, names in os.walk(root):
            for name in folders:
                # A folder that its owner may not read would be left out without a word.
                path = os.path.join(folder, name)
                if not os.path.islink(path) and not os.access(path, os.R_OK | os.X_OK):
                    os.chmod(path, stat.S_IRWXU)
            for name in filter(wanted, names):
                whole = os.path.join(folder, name)
                path = os.path.relpath(whole, root).replace(os.sep, "/")
                target = os.path.realpath(whole)
                if not os.path.isfile(target):
                    continue
                if not target.startswith((self._work + os.sep, self._outputs + os.sep)):
                    self._log.say("%s is a link out of the work folder, and not kept." % path)
                elif len(path) > 700 or "\\" in path or any(unicodedata.category(c) in ("Cc", "Cs") for c in path):
                    self._log.say("%s is not kept: no blob can have that name." % ascii(path))
                else:
                    if not os.access(target, os.R_OK):
                        os.chmod(target, stat.S_IRUSR | stat.S_IWUSR)
                    yield path


def main():
    job_url = os.environ.pop("LARDER_JOB_URL")
    for name in [name for name in os.environ if name.startswith("LARDER_") and name.endswith("_URL")]:
        del os.environ[name]
    notice = os.environ.pop("LARDER_NOTICE", None)
    # A thread's default of address space is 8 MiB, which counts where the address space is limited.
    threading.stack_size(MIB)
    become_subreaper()
    stop = Stop()
    storage = Storage(stop)
    job = json.loads(storage.send("GET", job_url).body.decode())
    stop.grace = float(job["limits"].get("grace_seconds", stop.grace))
    if storage.exists(job["exit_url"]):
        say("This attempt ended before.")
        return
    environment = job.get("environment") or {}
    mask = Mask([environment[name] for name in job.get("secrets") or [] if name in environment])
    log = Log(storage, job["log_url"], job["limits"], mask)
    if notice:
        log.say(notice)
    ran = Job(job, storage, stop, log)
    ran.run()
    log.close()
    ran.exit["log_lines"] = log.lines
    ran.exit["finished"] = utc_now()
    if not ran.exit["reason"]:
        del ran.exit["reason"]
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": "application/json", "If-None-Match": "*"}
    storage.send("PUT", job["exit_url"], headers, json.dumps(ran.exit).encode(), also=(409, 412))
    say("Ended at stage %s." % ran.exit["stage"])


if __name__ == "__main__":
    if sys.version_info < (3, 8):
        sys.exit("Larder's jobs need Python 3.8 or later; this is %s." % platform.python_version())
    try:
        main()
    except StorageError as error:
        sys.exit("The job cannot go on: %s." % error)
    except KeyError as error:
        sys.exit("Larder's jobs need %s, and it is missing." % error)
