#!/usr/bin/env python3
"""Verifies bundles and evidence packs of activitylog with nothing but Python's standard library:

    python3 verify.py --public KEY [--known FILE] [--witness KEY] FOLDER|FILE.zip

It shares no code with the library and says the same: the exit code is 0 when all is clean, 1 when something was
changed, 2 when it cannot be decided, as of files that cannot be read, and 3 when it was called wrongly. It leaves out two
things that activitylog verify does: it does not read filters, and of a table it compares the plain columns only. Of what
anchors signed it checks the cosignatures of the witnesses that --witness names, with Ed25519; it says which it did not."""
import argparse, base64, bisect, csv, hashlib, io, json, os, re, sys, zipfile
from datetime import datetime, timedelta

class Refused(Exception): """The files cannot be read."""
class Broken(Exception): """What is signed is not what stands here; nothing behind it can be believed."""

findings = []
def found(what, code=1): findings.append((code, what))
def sha(b): return hashlib.sha256(b).digest()

# Ed25519, RFC 8032, verification only, in extended coordinates.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1: q = add(q, p)
        p, n = add(p, p), n >> 1
    return q
def point(b):
    y, sign = int.from_bytes(b, "little") & (1 << 255) - 1, b[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P or (x == 0 and sign): return None
    if x & 1 != sign: x = P - x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def ed25519(public, text, sig):
    a, s = point(public), int.from_bytes(sig[32:], "little")
    if a is None or len(sig) != 64 or s >= L: return False
    k = int.from_bytes(hashlib.sha512(sig[:32] + public + text).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(k, (P - a[0], a[1], 1, P - a[3])))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == sig[:32]

# Keys, signed notes and checkpoints: C2SP signed-note and tlog-checkpoint.
def parse_key(text, kind=1):
    name, digest, b64 = text.split("+", 2)
    raw = base64.b64decode(b64, validate=True)
    if len(raw) != 33 or raw[0] != kind or sha(name.encode() + b"\n" + raw)[:4].hex() != digest: raise ValueError("no Ed25519 key")
    return name, int(digest, 16), raw[1:]
def open_note(b, keys):
    """Returns the text, and the hash of the first key of ours that signed it."""
    text, _, sigs = b.rpartition(b"\n\n")
    for line in sigs.decode().splitlines():
        m = re.fullmatch("— (\\S+) (\\S+)", line)
        raw = base64.b64decode(m[2], validate=True) if m else b""
        for name, digest, public in keys:
            if m and m[1] == name and raw[:4] == digest.to_bytes(4, "big"):
                if not ed25519(public, text + b"\n", raw[4:]): raise ValueError("wrong signature")
                return text.decode() + "\n", digest, raw
    raise ValueError("no signature of a known key")
def checkpoint(b, origin, keys):
    try:
        text, key, raw = open_note(b, keys)
        size, h = int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2], validate=True)
        form = "%s\n%d\n%s\n\n— %s %s\n" % (origin, size, base64.b64encode(h).decode(), keys[0][0], base64.b64encode(raw).decode())
        if b != form.encode() or len(h) != 32: raise ValueError("another form, or of another tree")
        return size, h, key
    except (ValueError, IndexError) as e:
        raise Broken("the checkpoint of %s: %s" % (origin, e))

def witness_key(text):
    """Reads a key for cosignatures. One for plain signatures stands for it."""
    try: return parse_key(text, 4)
    except ValueError: name, _, public = parse_key(text)
    return name, int.from_bytes(sha(name.encode() + b"\n\4" + public)[:4], "big"), public
def cosigned(checkpoint, receipt, key):
    """Tells whether a witness cosigned: C2SP tlog-cosignature."""
    name, digest, public = key
    for line in receipt.decode().splitlines():
        m = re.fullmatch("— (\\S+) (\\S+)", line)
        raw = base64.b64decode(m[2], validate=True) if m else b""
        if m and m[1] == name and raw[:4] == digest.to_bytes(4, "big"):
            text = checkpoint[:checkpoint.index(b"\n\n") + 1]
            return ed25519(public, b"cosignature/v1\ntime %d\n" % int.from_bytes(raw[4:12], "big") + text, raw[12:])
    return False

# Deterministic CBOR, RFC 8949, 4.2: no more of it than there is.
def cbor(b, i=0):
    major, info, i = b[i] >> 5, b[i] & 31, i + 1
    n = info
    if info > 23:
        if info > 27: raise ValueError("CBOR of another kind")
        size = 1 << info - 24
        n, i = int.from_bytes(b[i:i + size], "big"), i + size
        if n < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]: raise ValueError("a number that is too long")
    if major < 2: return (n, -1 - n)[major], i
    if major in (2, 3):
        if i + n > len(b): raise ValueError("it is cut off")
        return (b[i:i + n] if major == 2 else b[i:i + n].decode()), i + n
    if major != 4 or n > 1024: raise ValueError("CBOR of another kind")
    items = []
    for _ in range(n):
        x, i = cbor(b, i)
        items.append(x)
    return items, i
def record(b):
    """Returns the kind of a record and its fields."""
    m = re.match(b"activitylog/([a-z]+)/v1\n", b)
    try:
        fields, end = cbor(b, m.end())
        if fields[0] != 1 or end != len(b): raise ValueError("more or other than a record")
        return m[1].decode(), fields
    except (ValueError, IndexError, AttributeError, TypeError, RecursionError) as e:
        raise ValueError("no record: %s" % e)

# Trees: RFC 6962, in tiles as C2SP tlog-tiles has them.
def node(a, b): return sha(b"\1" + a + b)
def combine(list):
    while len(list) > 1: list = [node(list[i], list[i + 1]) for i in range(0, len(list), 2)]
    return list[0]
def root_of(peaks):
    h = peaks[-1] if peaks else sha(b"")
    for p in reversed(peaks[:-1]): h = node(p, h)
    return h
def path(n):
    parts = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, "x%03d" % (n % 1000))
    return "/".join(parts)
def wide(size, level, n): return max(0, min(256, (size >> 8 * level) - (n << 8)))
class Tree:
    """The tiles of a tree. Those that hash() reads were held to the signed root."""
    def __init__(self, files, folder, size): self.files, self.folder, self.size, self.cache = files, folder, size, {}
    def tile(self, level, n):
        w = wide(self.size, level, n)
        b = self.files.read("%s/tile/%d/%s%s" % (self.folder, level, path(n), ".p/%d" % w if w < 256 else ""), 8192)
        if len(b) != 32 * w: raise Refused("a tile of %s has %d bytes" % (self.folder, len(b)))
        return [b[i:i + 32] for i in range(0, len(b), 32)]
    def peaks(self, size, read):
        """The roots of the whole subtrees that make up the first entries."""
        out = []
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                n, down = (size >> level) - 1, level % 8
                at = (n << down) & 255
                out.append(combine(read(level // 8, n << down >> 8)[at:at + (1 << down)]))
        return out
    def believe(self, root):
        if root_of(self.peaks(self.size, self.tile)) != root: raise Broken("the tiles of %s do not lead to the signed root" % self.folder)
    def sure(self, level, n):
        if (level, n) not in self.cache:
            t = self.tile(level, n)
            if len(t) == 256 and combine(t) != self.sure(level + 1, n >> 8)[n & 255]: raise Broken("a tile of %s does not lead to the signed root" % self.folder)
            if len(self.cache) > 64: self.cache.clear()
            self.cache[level, n] = t
        return self.cache[level, n]
    def hash(self, i):
        if not 0 <= i < self.size: raise Broken("entry %d is beyond the tree %s" % (i, self.folder))
        return self.sure(0, i >> 8)[i & 255]
class Walk:
    """A walk through all entries of a tree from an index on, with the root of what was read."""
    def __init__(self, files, folder, size, claimed, start=0):
        self.files, self.folder, self.size, self.claimed, self.at, self.page = files, folder, size, claimed, start, []
        levels = [l for l in reversed(range(start.bit_length())) if start >> l & 1]
        tree = Tree(files, folder, claimed)
        self.peaks = list(zip(levels, tree.peaks(start, tree.tile)))
    def next(self):
        if not self.page:
            if self.at >= self.claimed: raise Broken("entries of %s are missing" % self.folder)
            n = self.at >> 8
            w = wide(self.claimed, 0, n)
            b, i = self.files.read("%s/tile/entries/%s%s" % (self.folder, path(n), ".p/%d" % w if w < 256 else ""), 4098 * 256), 0
            while i < len(b):
                size = int.from_bytes(b[i:i + 2], "big")
                self.page.append(b[i + 2:i + 2 + size])
                i += 2 + size
            if i != len(b) or len(self.page) != w or len(b) - i == 1: raise Refused("entries of %s are not as many as they should be" % self.folder)
            self.page = self.page[self.at & 255:]
        e = self.page.pop(0)
        self.at += 1
        self.peaks.append((0, sha(b"\0" + e)))
        while len(self.peaks) > 1 and self.peaks[-1][0] == self.peaks[-2][0]:
            (l, b), (_, a) = self.peaks.pop(), self.peaks.pop()
            self.peaks.append((l + 1, node(a, b)))
        return e
    def root(self): return root_of([h for _, h in self.peaks])

# Events and their leaves.
FIELDS = ("schema id time recorded duration_us org project category action verb outcome reason error_code severity message actor "
    "on_behalf_of targets changes client request ai labels metadata retention backfill completes expires truncated leaf opening").split()
GROUPS = ["actor", "target", "network", "metadata", "text"]
GONE = "[erased]"
class Number(str): """A number as it stands there."""
ESCAPED = re.compile('["\\\\\x00-\x1f]')
ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
def quote(s): return '"' + (ESCAPED.sub(lambda m: ESCAPES.get(m[0]) or "\\u%04x" % ord(m[0]), s) if ESCAPED.search(s) else s) + '"'
def dump(v):
    if isinstance(v, Number): return v
    if isinstance(v, str): return quote(v)
    if isinstance(v, dict): return "{" + ",".join(quote(k) + ":" + dump(x) for k, x in v.items()) + "}"
    if isinstance(v, list): return "[" + ",".join(map(dump, v)) + "]"
    return {None: "null", True: "true", False: "false"}[v]
def form(e): return dump({f: e[f] for f in FIELDS if f in e}).encode()
def event(line):
    """Reads the only form of an event."""
    try:
        e = json.loads(line.decode(), parse_int=Number, parse_float=Number, parse_constant=lambda _: 1 / 0)
        if form(e) != line or e["schema"] != "1" or not isinstance(e.get("metadata", {}), dict): raise ValueError("another form")
        e["leaf"], e["opening"] = (base64.b64decode(e.get(f, ""), validate=True) for f in ("leaf", "opening"))
        return {**e, "id": e["id"], "org": e["org"], "time": e["time"], "recorded": e["recorded"]}
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as x:
        raise Broken("a line is no event: %s" % x)
def some(o, names): return {k: o[k] for k in o if k in names}
def erased(e, parts):
    e = {**e, "message": GONE}
    if parts & 1:
        e["actor"] = {**some(e.get("actor", {}), ["type"]), "id": GONE}
        if "on_behalf_of" in e: e["on_behalf_of"] = [{**some(d, ["type"]), "id": GONE, **some(d, ["relation"])} for d in e["on_behalf_of"]]
    if parts & 2 and "targets" in e: e["targets"] = [{**some(t, ["type"]), "id": GONE} for t in e["targets"]]
    if parts & 4:
        request = some(e.pop("request", {}), ["method", "route", "origin"])
        e.pop("client", None)
        if request: e["request"] = request
    if parts & 8: e = {k: v for k, v in e.items() if k not in ("reason", "changes", "labels", "metadata", "truncated")}
    return e
def group(e, g):
    only = some(e, [["actor", "on_behalf_of"], ["targets"], ["client", "request"], ["reason", "changes", "labels", "metadata", "truncated"], ["message"]][g])
    if "request" in only: only["request"] = {k: v for k, v in only["request"].items() if k not in ("method", "route", "origin")}
    return form({"schema": Number(1), **{k: v for k, v in only.items() if v != {}}})
def salts(opening):
    if not opening: return [None] * 5
    if len(opening) < 2 or opening[0] != 1 or opening[1] >> 5 or len(opening) != 2 + 16 * bin(opening[1]).count("1"): return None
    out, i = [], 2
    for g in range(5):
        out.append(opening[i:i + 16] if opening[1] >> g & 1 else None)
        i += 16 * (opening[1] >> g & 1)
    return out
def moment(us): return (datetime(1970, 1, 1) + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
def bare(e): return {k: v for k, v in erased(e, 15).items() if k not in ("leaf", "opening")}
def differences(e, leaf, hidden=False):
    """Returns in what an event differs from its leaf, the groups that were erased, and whether any are hidden."""
    names = ["recorded", "time", "category", "action", "outcome", "severity", "retention"]
    wrong = [n for n, v in zip(names, [moment(leaf[3]), moment(leaf[4])] + leaf[5:10]) if e.get(n, "") != v]
    if not wrong and sha(form(bare(e))) != leaf[10]: wrong.append("data that is never erased")
    more, gone, unproved = opened_groups(e, leaf[11], hidden)
    return wrong + more, gone, unproved
def opened_groups(e, commitments, hidden):
    wrong, opened, gone, unproved = [], salts(e["opening"]), 0, False
    if opened is None: return ["opening"], 0, False
    for g in range(5):
        if commitments[g] and opened[g] is None: gone |= 1 << g
    for g in range(5):
        value = group(e, g)
        if opened[g] is not None:
            text = b"activitylog/commit/v1\n" + opened[g] + bytes([g]) + len(value).to_bytes(8, "big") + value
            if hashlib.sha256(text).digest() != commitments[g]: wrong.append(GROUPS[g])
        elif value == b'{"schema":1}' or gone and value == is_erased(e, g): pass
        elif hidden and commitments[g]: unproved = True
        else: wrong.append(GROUPS[g])
    return wrong, gone, unproved
def is_erased(e, g): return group(erased(e, 1 << g if g < 4 else 1), g)
def adopted(e, x, hidden=False):
    """Does the same as differences() for an event that was sealed without a leaf, and returns what was never fixed too."""
    wrong = [] if hidden and not e["leaf"] or (sha(e["leaf"]) if e["leaf"] else b"") == x[5] else ["evidence"]
    if sha(form(bare(e))) != x[6]: wrong.append("data that is never erased")
    if any(x[7]):
        more, gone, unproved = opened_groups(e, x[7], hidden)
        return wrong + more, gone, []
    if not x[5] and e["opening"]: wrong.append("opening")
    return wrong, 0, [GROUPS[g] for g in range(5) if group(e, g) not in (b'{"schema":1}', is_erased(e, g))]
def entry(b):
    kind, x = record(b)
    if kind == "leaf" and len(x) == 15 or kind == "adopted" and len(x) == 8: return kind, x
    raise ValueError("no entry")

class Files:
    """A folder or an archive, out of which nothing leads."""
    def __init__(self, name):
        self.zip, self.top = None, os.path.realpath(name)
        if os.path.isdir(name): return
        try:
            self.zip = zipfile.ZipFile(name)
            names = self.zip.namelist()
        except (OSError, ValueError, zipfile.BadZipFile) as e: raise Refused("it is no bundle, which is a folder or a zip archive: %s" % e)
        if len(names) != len(set(names)) or any(n.startswith("/") or ".." in n.split("/") for n in names): raise Refused("the archive has a name twice, or one that leads out of it")
    def open(self, name):
        try:
            if self.zip: return self.zip.open(name)
            real = os.path.realpath(os.path.join(self.top, name))
            if not real.startswith(self.top + os.sep) or not os.path.isfile(real): raise Refused("%s is not there" % name)
            return open(real, "rb")
        except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as e: raise Refused("%s: %s" % (name, e))
    def read(self, name, most):
        with self.open(name) as f: b = self.some(lambda: f.read(most + 1), name)
        if len(b) > most: raise Refused("%s has more than %d bytes" % (name, most))
        return b
    def some(self, read, name):
        try: return read()
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, __import__("zlib").error) as e: raise Refused("%s: %s" % (name, e))
    def lines(self, name):
        with self.open(name) as f:
            while line := self.some(lambda: f.readline(1 << 20), name):
                if line[-1:] != b"\n": raise Refused("%s ends within a line, or has one that is too long" % name)
                yield line[:-1]

def handover(fields, index, keys):
    """Returns the next key, if one of ours signed that it holds behind an entry."""
    text, digest, _ = open_note(fields[4], keys)
    key = parse_key(fields[3])
    if text != "activitylog/key/v1\n%s\nholds from size %d\n" % (fields[3], index + 1) or digest != fields[2] or key[0] != keys[0][0]: raise ValueError("another statement")
    return key
def sizes(b):
    """Returns the size that a checkpoint tells of, signed or not."""
    m = re.match(b"[^\n]+\n([0-9]{1,19})\n", b)
    if not m or int(m[1]) > 1 << 62: raise Refused("a checkpoint tells no size")
    return int(m[1])
def stream_of(name):
    try: stream = base64.b32decode(name.upper() + "======")
    except (ValueError, AttributeError): raise Refused("a tree is named wrongly")
    if len(stream) != 16 or not re.fullmatch("[a-z2-7]{26}", name) or base64.b32encode(stream).decode().rstrip("=").lower() != name: raise Refused("a tree is named wrongly")
    return stream
def checked_trees(m):
    names, orgs = [t["name"] for t in m["trees"]], [t["org"] for t in m["trees"]]
    if len(set(names)) != len(names) or len(set(orgs)) != len(orgs) or not all(orgs) or m.get("org") and set(orgs) - {m["org"]}: raise Refused("a tree is named twice, or is of another organization")
    return [stream_of(n) for n in names]

class Bundle:
    def __init__(self, files, m, keys, witnesses):
        self.files, self.m, self.keys, self.witnesses, self.numbers, self.pruned = files, m, keys, witnesses, {}, {}
        self.stamped, self.erasures, self.emptied, self.hidden = False, {}, [], 0
        for name in m.get("hidden") or []:
            if name not in GROUPS[:4]: raise Refused("something is hidden that is no part of an event")
            self.hidden |= 1 << GROUPS.index(name)
        self.trees = {}
        for stream, t in zip(checked_trees(m), m["trees"]):
            self.trees[stream] = {"stream": stream, "org": t["org"], "folder": "trees/" + t["name"], "seals": [], "min": 0, "missing": {}, "broken": False, "next": 0}
        self.orgs = {t["org"]: t for t in self.trees.values()}
        if m.get("org") and not self.orgs: found("nothing of the organization of which the bundle should be is in it", 2)
    def root(self, known):
        raw = self.files.read("root/checkpoint", 65536)
        claimed = sizes(raw)
        early = Walk(self.files, "root", claimed, claimed)
        for index in range(claimed):
            b = early.next()
            if b.startswith(b"activitylog/key/v1\n"):
                try:
                    key = handover(record(b)[1], index, self.keys)
                    if key not in self.keys: self.keys.append(key)
                except (ValueError, IndexError, TypeError): pass
        size, h, signer = checkpoint(raw, self.keys[0][0], self.keys)
        kept = read_known(known, self.keys, size)
        for n, want in receipts(self.files, self.m, self.keys, size, self.witnesses):
            if kept.setdefault(n, want) != want: found("a receipt of an anchor does not fit the log: its first %d entries were others" % n)
        walk, last, holds = Walk(self.files, "root", size, claimed), 0, None
        while walk.at < size:
            index, b = walk.at, walk.next()
            try:
                kind, x = record(b)
                at, key = {"seal": lambda: (x[5], x[6]), "beat": lambda: (x[1], x[2]), "key": lambda: (x[1], x[2]), "prune": lambda: (x[4], x[5])}[kind]()
            except (ValueError, KeyError, IndexError) as e:
                found("root log, entry %d: %s" % (index, e))
                continue
            if at < last: found("root log: entry %d is older than the one before" % index)
            if index and key != holds: found("root log: entry %d was made under a key that did not hold then" % index)
            last, holds = at, key
            if kind == "key":
                try: holds = (handover(x, index, self.keys) if any(k[1] == key for k in self.keys) else parse_key(x[3]))[1]
                except ValueError: found("root log: entry %d hands over to another key without the signature of the one before" % index)
            elif kind in ("seal", "prune"): self.told(kind, x)
            if walk.at in kept and kept[walk.at] != walk.root(): found("the first %d entries of the root log are not those that were kept elsewhere" % walk.at)
        if holds != signer: found("the root log is signed with a key that holds no longer")
        if walk.root() != h: found("the entries of the root log are not those that were signed")
    def told(self, kind, x):
        t = self.trees.get(x[1])
        if t is None:
            if not self.m.get("org"): found("the root log tells of a tree that is gone")
        elif kind == "seal":
            before = t["seals"][-1][2] if t["seals"] else 0
            if x[4] != before or x[2] <= before or x[7] != t["min"]: found("the root log does not tell the seals of the tree one after the other")
            t["seals"].append(x)
        else:
            if x[2] != t["min"] or x[3] <= x[2] or x[3] % 256 or not t["seals"] or x[3] > t["seals"][-1][2]: found("the root log prunes what it cannot")
            t["min"] = x[3]
            for writer, n in x[6]: self.pruned[writer] = self.pruned.get(writer, 0) + n
    def open(self, t):
        if not t["seals"]: return found("the root log tells nothing of the tree")
        raw = self.files.read(t["folder"] + "/checkpoint", 65536)
        last = t["seals"][-1]
        try: same = checkpoint(raw, self.keys[0][0] + "/" + t["folder"][6:], self.keys)[:2] == (last[2], last[3])
        except Broken: same = False
        if not same: found("the checkpoint of the tree is not the one that the root log tells of")
        t["walk"] = Walk(self.files, t["folder"], last[2], sizes(raw), t["min"])
        while t["seals"][t["next"]][2] < t["min"]: t["next"] += 1
        self.sealed_here(t)
    def sealed_here(self, t):
        if t["next"] < len(t["seals"]) and t["seals"][t["next"]][2] == t["walk"].at:
            if t["walk"].root() != t["seals"][t["next"]][3]:
                t["broken"] = True
                found("the sealed entries up to %d of %r are not those that were signed" % (t["walk"].at, t["org"]))
            t["next"] += 1
    def advance(self, t):
        """Returns the next entry of a tree, or None."""
        while not t["broken"] and t["seals"] and t["walk"].at < t["walk"].size:
            index = t["walk"].at
            try:
                b = t["walk"].next()
                self.sealed_here(t)
                if t["broken"]: return None
                kind, x = entry(b)
                if x[1] != t["stream"]: raise ValueError("of another tree")
            except Broken as e:
                t["broken"] = True
                found(str(e))
                return None
            except ValueError:
                found("sealed entry %d is none of this tree" % index)
                continue
            sealed = t["seals"][bisect.bisect_left(t["seals"], index + 1, key=lambda s: s[2])][5]
            if x[3] - sealed > 300_000_000: found("an event says that it was recorded long after it was sealed")
            if kind == "leaf":
                self.stamped = True
                if x[13]: self.numbers.setdefault(x[12], set()).update([x[13]] + x[14])
            elif x[4] != "it came without evidence" or self.stamped: found("when entry %d was sealed, %s" % (index, x[4]))
            return b, kind, x, index
        return None
    def match(self, t, id):
        if id in t["missing"]: return t["missing"].pop(id)
        while x := self.advance(t):
            if x[2][2] == id: return x
            t["missing"][x[2][2]] = x
        return None
    def rows(self):
        for line in self.files.lines("events.ndjson"):
            try: e = event(line)
            except Broken as x:
                found(str(x))
                return False
            t = self.orgs.get(e["org"])
            x = self.match(t, bytes.fromhex(e["id"].replace("-", ""))) if t else None
            if not x: found("no seal covers event %s" % e["id"])
            elif x[1] == "adopted":
                wrong, gone, open = adopted(e, x[2])
                if wrong: found("event %s was changed after it was sealed, in: %s" % (e["id"], ", ".join(wrong)))
                if open: found("the sealer could fix only part of event %s" % e["id"], 2)
                self.gone(e, gone)
            else: self.leaf(e, *x)
        return True
    def leaf(self, e, b, kind, x, index):
        if e["action"] == "audit.erase" and not e.get("backfill"):
            told = e.get("metadata", {})
            parts = sum(1 << g for g in range(4) if GROUPS[g] in told.get("parts", []))
            for id in told.get("events", []) if parts else []:
                if isinstance(id, str): self.erasures[e["org"], id] = self.erasures.get((e["org"], id), 16) | parts
        if e["leaf"][:-32] != b or len(e["leaf"]) < 32: found("the evidence in event %s is not what was sealed" % e["id"])
        wrong, gone, _ = differences(e, x)
        if wrong: found("event %s differs from its evidence in: %s" % (e["id"], ", ".join(wrong)))
        self.gone(e, gone)
    def gone(self, e, gone):
        gone &= ~(self.hidden | 16 if self.hidden else 0)
        if gone: self.emptied.append(((e["org"], e["id"]), gone))
    def run(self, known):
        self.root(known)
        for t in self.trees.values(): self.open(t)
        whole = self.rows()
        for key, gone in self.emptied if whole else []:
            if gone & ~self.erasures.get(key, 0): found("event %s was emptied of more than a record of an erasure tells" % key[1])
        for t in self.trees.values():
            while x := self.advance(t): t["missing"][x[2][2]] = x
            if whole and t["seals"] and len(t["missing"]) + t["min"] > t["seals"][-1][8]: found("rows of %r are gone, and no purge tells why" % t["org"])
        for writer, seen in self.numbers.items():
            if not self.m.get("org") and max(seen) - len(seen) > self.pruned.get(writer, 0): found("events that writer %s numbered are missing" % writer.hex(), 2)

def read_known(known, keys, size):
    kept = {}
    for b in known:
        try: n, h, _ = checkpoint(b, keys[0][0], keys)
        except Broken as e:
            found("a checkpoint that was kept elsewhere cannot be believed: %s" % e, 2)
            continue
        if n > size: found("the root log had %d entries and has %d now" % (n, size))
        if kept.setdefault(n, h) != h: found("two checkpoints that were kept elsewhere contradict each other")
    return kept

notes = []
def receipts(files, m, keys, size, witnesses):
    """Yields the size and hash of the checkpoint of each receipt, and checks the newest ones of the witnesses."""
    newest, sizes_of, lines, total, attested = {}, {}, 0, 0, 0
    for line in files.lines("receipts.ndjson") if m.get("receipts") else []:
        lines, total = lines + 1, total + len(line)
        try:
            r = json.loads(line)
            name, c, receipt = r["anchor"], *(base64.b64decode(r[f] or "", validate=True) for f in ("checkpoint", "receipt"))
            if not isinstance(name, str) or not 0 < len(name.encode()) <= 200 or re.search("[\r\n]", name) or total > 64 << 20: raise ValueError()
        except (ValueError, KeyError, TypeError): raise Refused("line %d of receipts.ndjson is no receipt" % lines)
        if sizes(c) < sizes_of.get(name, 0): raise Refused("receipts.ndjson has an older receipt behind a newer one")
        sizes_of[name], newest[name] = sizes(c), (c, receipt)
        try:
            n, h, _ = checkpoint(c, keys[0][0], keys)
            if n > size: raise Broken("it is of a later checkpoint")
            yield n, h
        except Broken as e: found("a receipt of anchor %r does not fit the log: %s" % (name, e))
    if lines != m.get("receipts", 0): raise Refused("there are not as many receipts as the manifest says")
    for name, (c, receipt) in newest.items():
        key = next((w for w in witnesses if w[0] == name), None)
        try: good = key and cosigned(c, receipt, key)
        except ValueError: good = False
        if not key: notes.append("what anchor %r signed of the first %d entries of the root log was not checked; of a witness, give --witness KEY" % (name, sizes(c)))
        elif good: attested += 1
        else: found("the newest receipt of anchor %r proves nothing" % name)
    if attested < len(witnesses): found("%d witnesses attest the log, and %d are required" % (attested, len(witnesses)), 2)

def pack(files, m, keys, known, witnesses):
    """Verifies an evidence pack."""
    streams = checked_trees(m)
    if m["events"]["name"] != "events.ndjson" or m.get("table") and m["table"]["name"] != "events.csv" or m["order"] not in ("newest", "oldest"): raise Refused("the manifest names other files or another order")
    if any(not 0 <= t["first"] <= t["end"] for t in m["trees"]): raise Refused("a tree has no range")
    for k in m.get("keys") or []:
        kind, x = record(base64.b64decode(k["entry"]))
        if kind != "key": raise Refused("a key in the manifest is none")
        try: keys.append(handover(x, k["index"], keys))
        except ValueError: pass
    size, h, _ = checkpoint(files.read("root/checkpoint", 65536), keys[0][0], keys)
    root = Tree(files, "root", size)
    root.believe(h)
    for k in m.get("keys") or []:
        if root.hash(k["index"]) != sha(b"\0" + base64.b64decode(k["entry"])): raise Broken("entry %d of the root log is another one" % k["index"])
    anchors = split_checkpoints(files.read("anchors.txt", 1 << 24)) if m.get("anchors") else []
    if len(anchors) != m.get("anchors", 0): raise Refused("there are not as many anchors as the manifest says")
    for b in known + anchors:
        try: n, want, _ = checkpoint(b, keys[0][0], keys)
        except Broken as e:
            found("a checkpoint that was kept elsewhere cannot be believed: %s" % e, 2)
            continue
        try:
            if n > size: found("a checkpoint that was kept elsewhere is newer than the pack", 2)
            elif root_of(root.peaks(n, root.sure)) != want: found("the first %d entries of the root log are not those that were kept elsewhere" % n)
        except Refused: found("the pack has no hashes that lead to a checkpoint that was kept elsewhere", 2)
    for n, want in receipts(files, m, keys, size, witnesses):
        if root_of(root.peaks(n, root.sure)) != want: found("a receipt of an anchor does not fit the log: its first %d entries were others" % n)
    trees = []
    for stream, t in zip(streams, m["trees"]):
        try:
            size, h, _ = checkpoint(files.read("trees/%s/checkpoint" % t["name"], 65536), keys[0][0] + "/" + t["name"], keys)
            seal = base64.b64decode(t["seal"]["entry"])
            kind, x = record(seal)
            if root.hash(t["seal"]["index"]) != sha(b"\0" + seal) or kind != "seal" or x[1:4] != [stream, size, h]: raise Broken("the checkpoint of the tree of %r is not the one that the root log tells of" % t["org"])
            if t["end"] > size: raise Broken("the pack covers more of the tree of %r than there is" % t["org"])
            tree = Tree(files, "trees/" + t["name"], size)
            if t["first"] < t["end"]: tree.believe(h)
            for i in range(t["first"], t["end"]): tree.hash(i)
            trees.append(tree)
        except (Broken, ValueError) as e:
            found(str(e))
            trees.append(None)
    rows, proofs, last, seen, lines = [], files.lines("proofs.ndjson"), None, [set() for _ in trees], hashlib.sha256()
    for line in files.lines("events.ndjson"):
        try: p = json.loads(next(proofs, b""))
        except ValueError: raise Refused("an event has no proof")
        lines.update(line + b"\n")
        e = event(line)
        key = (e["time"], e["id"])
        if last and (m["order"] == "oldest") != (last < key): found("event %s is out of its order" % e["id"])
        last = key
        rows.append([e.get(c, "") for c in PLAIN])
        prove(e, p, m, trees, seen)
    if next(proofs, None) is not None: raise Refused("there are more proofs than events")
    if lines.hexdigest() != m["events"]["sha256"]: found("events.ndjson is not the file of which the manifest tells")
    if len(rows) != m["rows"] or any(len(s) != t["rows"] for s, t in zip(seen, m["trees"])): found("there are not as many events as the manifest tells")
    if m.get("table"): check_table(files, m["table"], rows)
def prove(e, p, m, trees, seen):
    if not isinstance(p.get("tree"), int) or not 0 <= p["tree"] < len(trees): raise Refused("a proof is of no tree")
    t, tree = m["trees"][p["tree"]], trees[p["tree"]]
    if tree is None: return
    if not t["first"] <= p["index"] < t["end"] or e["org"] != t["org"]: return found("event %s stands in another range or organization than the pack covers" % e["id"])
    b = base64.b64decode(p["entry"])
    if tree.hash(p["index"]) != sha(b"\0" + b): return found("the entry of event %s is not the one in the signed tree" % e["id"])
    if p["index"] in seen[p["tree"]]: found("event %s stands there twice" % e["id"])
    seen[p["tree"]].add(p["index"])
    kind, x = entry(b)
    if x[2].hex() != e["id"].replace("-", ""): return found("the entry is of another event than %s" % e["id"])
    if kind == "adopted":
        wrong, _, _ = adopted(e, x, m.get("hidden", False))
        if wrong: found("event %s was changed after it was sealed, in: %s" % (e["id"], ", ".join(wrong)))
        return
    if e["leaf"] and e["leaf"][:-32] != b: found("the evidence in event %s is not what was sealed" % e["id"])
    wrong, _, _ = differences(e, x, m.get("hidden", False))
    if wrong: found("event %s differs from its evidence in: %s" % (e["id"], ", ".join(wrong)))
PLAIN = ["id", "time", "category", "action", "outcome", "severity"]
def check_table(files, t, rows):
    digest = hashlib.sha256()
    with files.open("events.csv") as f:
        while b := files.some(lambda: f.read(1 << 16), "events.csv"): digest.update(b)
    if digest.hexdigest() != t["sha256"]: return found("events.csv is not the file of which the manifest tells")
    with files.open("events.csv") as f:
        cells = csv.reader(io.TextIOWrapper(f, "utf-8-sig" if t.get("bom") else "utf-8", newline=""))
        head = next(cells, None)
        if head != t["columns"]: return found("events.csv has other columns than the manifest tells")
        shown = [c for c in PLAIN if c in head]
        for row, want in zip(cells, rows + [None]):
            if want is None or [row[head.index(c)] for c in shown] != [want[PLAIN.index(c)] for c in shown]: return found("events.csv does not show the events of events.ndjson")
        if cells.line_num <= len(rows): found("events.csv does not show all events of events.ndjson")

def split_checkpoints(b):
    out, b = [], b.lstrip(b"\n")
    while b:
        text = b.find(b"\n\n")
        end = b.find(b"\n\n", text + 2) + 1 if text >= 0 else 0
        out.append(b[:end or len(b)])
        b = b[end or len(b):].lstrip(b"\n")
    return out
def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.error = lambda text: (print("verify.py: " + text, file=sys.stderr), sys.exit(3))
    args.add_argument("--public", required=True, metavar="KEY", help="the public key of the log")
    args.add_argument("--known", action="append", default=[], metavar="FILE", help="checkpoints that were kept elsewhere")
    args.add_argument("--witness", action="append", default=[], metavar="KEY", help="the public key of a witness that must have cosigned the log")
    args.add_argument("path", metavar="FOLDER|FILE.zip")
    a = args.parse_args()
    try: keys = [parse_key(a.public)]
    except ValueError as e: args.error("--public is no key: %s" % e)
    try: witnesses = [witness_key(w) for w in a.witness]
    except ValueError as e: args.error("--witness is no key for Ed25519: %s" % e)
    try:
        known = [c for name in a.known for c in split_checkpoints(open(name, "rb").read())]
        files = Files(a.path)
        try: m = json.loads(files.read("manifest.json", 1 << 24))
        except ValueError as e: raise Refused("manifest.json: %s" % e)
        if m["origin"] != keys[0][0]: raise Refused("it is of another log")
        if m["format"] == "activitylog/bundle/v1": Bundle(files, m, keys, witnesses).run(known)
        elif m["format"] == "activitylog/evidence/v1": pack(files, m, keys, known, witnesses)
        else: raise Refused("the manifest tells of another format")
    except Broken as e: found(str(e))
    except (Refused, OSError, KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as e:
        print("verify.py: the files cannot be verified: %s" % e, file=sys.stderr)
        sys.exit(2)
    for code, what in findings[:1000]: print({1: "tampered", 2: "undecided"}[code] + ": " + what)
    for n in notes: print("note: " + n)
    if not findings: print("clean")
    sys.exit(0 if not findings else 1 if any(code == 1 for code, _ in findings) else 2)

if __name__ == "__main__": main()
