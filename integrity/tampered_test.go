// Not under the race detector, where so many files take minutes: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/integrity"
)

// tampering is something that was done to the files of a bundle or pack, and what both verifiers must say.
type tampering struct {
	name string
	do   func(f inMemory)
	want int
}

// change replaces text in the only file whose name ends so.
func change(end, old, new string) func(inMemory) {
	return func(f inMemory) {
		name := f.file(end)
		if !bytes.Contains(f[name], []byte(old)) {
			panic(name + " has no " + old)
		}
		f[name] = bytes.Replace(f[name], []byte(old), []byte(new), 1)
	}
}

// turn flips a bit of a byte, counted from the end if it is negative.
func turn(end string, at int) func(inMemory) {
	return func(f inMemory) {
		name := f.file(end)
		if at < 0 {
			at += len(f[name])
		}
		f[name] = flip(f[name], at)
	}
}

// inReceipt replaces text in the checkpoint of the first receipt and a byte by another digit of base64, if it is not the
// first.
func inReceipt(old, new string, at int) func(inMemory) {
	return lines("receipts.ndjson", func(all [][]byte) [][]byte {
		var r map[string]any
		if err := json.Unmarshal(all[0], &r); err != nil {
			panic(err)
		}
		b, err := base64.StdEncoding.DecodeString(r["checkpoint"].(string))
		if err != nil || !bytes.Contains(b, []byte(old)) {
			panic("no receipt")
		}
		b = bytes.ReplaceAll(b, []byte(old), []byte(new))
		if at < 0 {
			at += len(b)
		}
		switch {
		case at != 0 && b[at] == 'A':
			b[at] = 'B'
		case at != 0:
			b[at] = 'A'
		}
		r["checkpoint"] = b
		all[0], _ = json.Marshal(r)
		all[0] = append(all[0], '\n')
		return all
	})
}

func drop(end string) func(inMemory) { return func(f inMemory) { delete(f, f.file(end)) } }

// lines changes the lines of a file.
func lines(name string, do func(lines [][]byte) [][]byte) func(inMemory) {
	return func(f inMemory) {
		all := bytes.SplitAfter(f[name], []byte("\n"))
		f[name] = bytes.Join(do(all[:len(all)-1]), nil)
	}
}

// row changes the first row that has a text.
func row(has, old, new string) func(inMemory) {
	return lines("events.ndjson", func(all [][]byte) [][]byte {
		for i, l := range all {
			if bytes.Contains(l, []byte(has)) && bytes.Contains(l, []byte(old)) {
				all[i] = bytes.Replace(l, []byte(old), []byte(new), 1)
				return all
			}
		}
		panic("no row has " + has + " and " + old)
	})
}

// withoutOpening takes the opening out of the first row that has a text, and puts something else into it.
func withoutOpening(has, old, new string) func(inMemory) {
	return lines("events.ndjson", func(all [][]byte) [][]byte {
		for i, l := range all {
			if bytes.Contains(l, []byte(has)) {
				at := bytes.Index(l, []byte(`,"opening"`))
				all[i] = append(bytes.Replace(l[:at:at], []byte(old), []byte(new), 1), "}\n"...)
				return all
			}
		}
		panic("no row has " + has)
	})
}

func both(list ...func(inMemory)) func(inMemory) {
	return func(f inMemory) {
		for _, do := range list {
			do(f)
		}
	}
}

func nothing(inMemory) {}

var bundleTamperings = []tampering{
	{"nothing", nothing, clean},
	{"edit an outcome", row(`"r5"`, `"outcome":"success"`, `"outcome":"denied"`), tampered},
	{"edit who acted", row(`"r5"`, `"name":"Ann"`, `"name":"Bob"`), tampered},
	{"edit a target", row(`"r5"`, `Secret plan`, `Other plan`), tampered},
	{"edit the network", row(`"r5"`, `"id":"r5"`, `"id":"r6"`), tampered},
	{"edit metadata", row(`"r5"`, `some words`, `same words`), tampered},
	{"edit a number", row(`"r5"`, `"n":5`, `"n":5.0`), tampered},
	{"edit the message", row(`"r5"`, `"message":"`, `"message":"not `), tampered},
	{"edit the project", row(`"r5"`, `"project":"p1"`, `"project":"p2"`), tampered},
	{"edit the time", row(`"r5"`, `"time":"20`, `"time":"19`), tampered},
	{"edit when it was recorded", row(`"r5"`, `"recorded":"20`, `"recorded":"19`), tampered},
	{"edit the id", row(`"r5"`, `"id":"0`, `"id":"1`), tampered},
	{"move to another tenant", row(`"r5"`, `"org":"acme"`, `"org":"globex"`), tampered},
	{"move to a tenant that is not there", row(`"r5"`, `"org":"acme"`, `"org":"umbrella"`), tampered},
	{"edit the evidence", row(`"r5"`, `"leaf":"Y`, `"leaf":"Z`), tampered},
	{"edit the opening", row(`"r5"`, `"opening":"AR`, `"opening":"AQ`), tampered},
	{"edit the form of a row", row(`"r5"`, `"outcome":`, `"outcome": `), tampered},
	{"add a field to a row", row(`"r5"`, `"verb":`, `"worse":1,"verb":`), tampered},
	{"repeat a field of a row", row(`"r5"`, `"verb":`, `"verb":"read","verb":`), tampered},
	{"write a field in another case", row(`"r5"`, `"project":`, `"Project":`), tampered},
	{"no row", row(`"r5"`, `{"schema":1`, `["schema",1`), tampered},
	{"nest deeply", row(`"r5"`, `"metadata":{`, `"metadata":{"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`,`), tampered},
	{"write half of a letter", row(`"r5"`, `some words`, "some \xff"), tampered},
	{"write a surrogate", row(`"r5"`, `some words`, `some \ud800`), tampered},
	{"write infinity", row(`"r5"`, `"n":5`, `"n":Infinity`), tampered},
	{"edit an adopted row", lines("events.ndjson", func(all [][]byte) [][]byte {
		all[0] = bytes.Replace(all[0], []byte("some words"), []byte("same words"), 1)
		return all
	}), tampered},
	{"delete a row", lines("events.ndjson", func(all [][]byte) [][]byte { return append(all[:7:7], all[8:]...) }), tampered},
	{"delete all rows", func(f inMemory) { f["events.ndjson"] = nil }, tampered},
	{"repeat a row", lines("events.ndjson", func(all [][]byte) [][]byte { return append(all, all[7]) }), tampered},
	{"swap rows", lines("events.ndjson", func(all [][]byte) [][]byte {
		all[7], all[8] = all[8], all[7]
		return all
	}), clean}, // of one organization it tells nothing: the order is that of the tree
	{"erase quietly", withoutOpening(`"r5"`, `"message":"`, `"message":"x`), tampered},
	{"hide quietly", change("manifest.json", `"rows"`, `"hidden": ["all"], "rows"`), refused},
	{"edit an erased row", lines("events.ndjson", func(all [][]byte) [][]byte {
		for i, l := range all {
			if bytes.Contains(l, []byte(`"actor":{"type":"user","id":"[erased]"}`)) {
				all[i] = bytes.Replace(l, []byte(`"id":"[erased]"}`), []byte(`"id":"u9"}`), 1)
				return all
			}
		}
		panic("nothing was erased")
	}), tampered},
	{"erase more than was recorded", lines("events.ndjson", func(all [][]byte) [][]byte {
		for i, l := range all {
			var e activitylog.Event
			if err := e.UnmarshalJSON(l); err == nil && e.Actor.ID == "[erased]" {
				activitylog.TargetPart.Erase(&e)
				all[i] = append(e.AppendJSON(nil), '\n')
				return all
			}
		}
		panic("nothing was erased")
	}), tampered},
	{"remove the record of an erasure", lines("events.ndjson", func(all [][]byte) [][]byte {
		for i, l := range all {
			if bytes.Contains(l, []byte(`"action":"audit.erase"`)) {
				return append(all[:i:i], all[i+1:]...)
			}
		}
		panic("no record")
	}), tampered},
	{"cut the rows off", func(f inMemory) { f["events.ndjson"] = f["events.ndjson"][:len(f["events.ndjson"])-9] }, refused},
	{"remove the rows", drop("events.ndjson"), refused},
	{"make a line without end", func(f inMemory) {
		f["events.ndjson"] = append(bytes.Repeat([]byte{' '}, 1<<20), f["events.ndjson"]...)
	}, refused},
	{"edit an entry", turn("tile/entries/000", 9000), tampered},
	{"edit an entry of the root log", turn("root/tile/entries/*", 60), tampered},
	{"cut entries off", func(f inMemory) {
		name := f.file("tile/entries/000")
		f[name] = f[name][:len(f[name])-7]
	}, refused},
	{"remove entries", drop("tile/entries/000"), refused},
	{"remove the root log", drop("root/tile/entries/*"), refused},
	{"edit the signature", turn("root/checkpoint", -9), tampered},
	{"edit the size of a checkpoint", change("root/checkpoint", "\n7\n", "\n5\n"), refused},
	{"give one tree the checkpoint of the root log", func(f inMemory) {
		for name := range f {
			if strings.HasPrefix(name, "trees/") && strings.HasSuffix(name, "/checkpoint") {
				f[name] = bytes.Replace(f[name], []byte("\n"), []byte("x\n"), 1)
			}
		}
	}, tampered},
	{"add a signature", func(f inMemory) {
		f["root/checkpoint"] = append(f["root/checkpoint"], "— other 5H3fGEje8oPjTr7DvbFpCYeOoKKTrGSGhheHUap53ammdzwunkIfZOgrY78VjdB/QXLExaIzLh1lluJ1Xwpd9iFrmw8=\n"...)
	}, tampered},
	{"remove a checkpoint", drop("root/checkpoint"), refused},
	{"leave an organization out", func(f inMemory) {
		at := bytes.Index(f["manifest.json"], []byte(`"trees": [`))
		end := bytes.Index(f["manifest.json"][at:], []byte("},")) + at
		f["manifest.json"] = append(f["manifest.json"][:at+10:at+10], f["manifest.json"][end+2:]...)
	}, tampered},
	{"swap the names of organizations", func(f inMemory) {
		m := string(f["manifest.json"])
		f["manifest.json"] = []byte(strings.NewReplacer(`"org": "acme"`, `"org": "globex"`, `"org": "globex"`, `"org": "acme"`).Replace(m))
	}, tampered},
	{"name a tree that leads elsewhere", change("manifest.json", `"name": "`, `"name": "../`), refused},
	{"call it one of another organization", change("manifest.json", `"rows"`, `"org": "umbrella", "rows"`), refused},
	{"name an organization twice", change("manifest.json", `"org": "globex"`, `"org": "acme"`), refused},
	{"name another log", change("manifest.json", `"log.example/test"`, `"log.example/other"`), refused},
	{"name another format", change("manifest.json", `bundle/v1`, `bundle/v2`), refused},
	{"edit the manifest into nothing", change("manifest.json", `{`, `[`), refused},
	{"remove the manifest", drop("manifest.json"), refused},
	{"remove the receipts", drop("receipts.ndjson"), refused},
	{"claim more receipts", change("manifest.json", `"receipts": 1`, `"receipts": 2`), refused},
	{"write a receipt of nothing", change("receipts.ndjson", `"checkpoint":"`, `"checkpoint":"!`), refused},
	{"put an older receipt behind a newer one", both(change("manifest.json", `"receipts": 1`, `"receipts": 2`), func(f inMemory) {
		f["receipts.ndjson"] = append(f["receipts.ndjson"], `{"anchor":"notary","at":"2026-01-01T00:00:00Z","checkpoint":"`+
			base64.StdEncoding.EncodeToString([]byte("log.example/test\n1\n"+strings.Repeat("A", 43)+"=\n"))+"\"}\n"...)
	}), refused},
	{"name an anchor that is none", change("receipts.ndjson", `"notary"`, `"not\nary"`), refused},
	{"edit the hash in a receipt", inReceipt("\n", "\n", 40), tampered},
	{"edit the signature in a receipt", inReceipt("— log", "— log", -9), tampered},
	{"write a receipt of another log", inReceipt("log.example/test\n", "log.example/tost\n", 0), tampered},
}

var packTamperings = []tampering{
	{"nothing", nothing, clean},
	{"edit an outcome", row(`"r5"`, `"outcome":"success"`, `"outcome":"denied"`), tampered},
	{"edit who acted", row(`"r5"`, `"name":"Ann"`, `"name":"Bob"`), tampered},
	{"edit the evidence", row(`"r5"`, `"leaf":"Y`, `"leaf":"Z`), tampered},
	{"delete a row", lines("events.ndjson", func(all [][]byte) [][]byte { return all[1:] }), refused},
	{"delete a row and its proof", both(lines("events.ndjson", first), lines("proofs.ndjson", first)), tampered},
	{"repeat a row and its proof", both(lines("events.ndjson", twice), lines("proofs.ndjson", twice)), tampered},
	{"swap rows and their proofs", both(lines("events.ndjson", swap), lines("proofs.ndjson", swap)), tampered},
	{"swap proofs", lines("proofs.ndjson", swap), tampered},
	{"edit a proof", change("proofs.ndjson", `"index":`, `"index":1`), tampered},
	{"prove by another tree", change("proofs.ndjson", `"tree":0`, `"tree":7`), refused},
	{"prove by nothing", change("proofs.ndjson", `{`, `[`), refused},
	{"edit the table", change("events.csv", "success", "failure"), tampered},
	{"edit the table and its hash", both(change("events.csv", "success", "failure"), rehash), tampered},
	{"cut the table off", both(func(f inMemory) {
		f["events.csv"] = f["events.csv"][:bytes.LastIndexByte(f["events.csv"][:len(f["events.csv"])-2], '\n')+1]
	}, rehash), tampered},
	{"remove the table", drop("events.csv"), refused},
	{"claim more rows", change("manifest.json", `"rows": `, `"rows": 1`), tampered},
	{"claim a smaller range", change("manifest.json", `"end": `, `"end": 3, "was": `), tampered},
	{"claim a larger range", change("manifest.json", `"end": `, `"end": 99`), tampered},
	{"claim a range that is none", change("manifest.json", `"first": 0`, `"first": 900`), refused},
	{"edit a hash", turn("tile/0/000", 40), tampered},
	{"edit a hash of the root log", turn("root/tile/0/*", 3), tampered},
	{"cut a tile off", func(f inMemory) {
		name := f.file("tile/0/000")
		f[name] = f[name][:len(f[name])-1]
	}, refused},
	{"remove a tile", drop("tile/0/000"), refused},
	{"edit a checkpoint", turn("root/checkpoint", -9), tampered},
	{"remove the anchors", drop("anchors.txt"), refused},
	{"edit an anchor", turn("anchors.txt", -9), refused}, // it cannot be believed, and so it cannot be decided
	{"quote another seal", change("manifest.json", `"entry": "`, `"entry": "AAAA`), tampered},
	{"name a tree that leads elsewhere", change("manifest.json", `"name": "`, `"name": "../`), refused},
	{"name an organization that is not in scope", change("manifest.json", `"org": "acme"`, `"org": "globex"`), refused},
	{"remove the receipts", drop("receipts.ndjson"), refused},
	{"claim more receipts", change("manifest.json", `"receipts": 1`, `"receipts": 2`), refused},
	{"edit the hash in a receipt", inReceipt("\n", "\n", 40), tampered},
	{"write a receipt of another log", inReceipt("log.example/test\n", "log.example/tost\n", 0), tampered},
	{"name a file that leads elsewhere", change("manifest.json", `"name": "events.ndjson"`, `"name": "../events.ndjson"`), refused},
}

// rehashedTamperings are of a pack without a table, whose manifest was made to fit afterwards.
var rehashedTamperings = []tampering{
	{"nothing", nothing, clean},
	{"edit an outcome", row(`"r5"`, `"outcome":"success"`, `"outcome":"denied"`), tampered},
	{"edit the evidence", row(`"r5"`, `"leaf":"Y`, `"leaf":"Z`), tampered},
	{"edit the id", row(`"r5"`, `"id":"0`, `"id":"1`), tampered},
	{"move to another tenant", row(`"r5"`, `"org":"acme"`, `"org":"globex"`), tampered},
	{"repeat a row and its proof", both(lines("events.ndjson", twice), lines("proofs.ndjson", twice)), tampered},
	{"swap rows and their proofs", both(lines("events.ndjson", swap), lines("proofs.ndjson", swap)), tampered},
	{"swap proofs", lines("proofs.ndjson", swap), tampered},
	{"edit an adopted row", row(`"r1"`, "some words", "same words"), tampered},
}

// rehashEvents puts the hash, the length and the number of events into the manifest.
func rehashEvents(f inMemory) {
	var m integrity.Evidence
	if err := json.Unmarshal(f["manifest.json"], &m); err != nil {
		panic(err)
	}
	sum := sha256.Sum256(f["events.ndjson"])
	m.Events.Bytes, m.Events.SHA256 = int64(len(f["events.ndjson"])), hex.EncodeToString(sum[:])
	m.Rows = int64(bytes.Count(f["events.ndjson"], []byte("\n")))
	f["manifest.json"], _ = json.Marshal(m)
}

func first(all [][]byte) [][]byte { return all[1:] }
func twice(all [][]byte) [][]byte { return append(all[:1:1], all...) }
func swap(all [][]byte) [][]byte {
	all[0], all[1] = all[1], all[0]
	return all
}

// rehash puts the hash and the length of the table into the manifest.
func rehash(f inMemory) {
	var m integrity.Evidence
	if err := json.Unmarshal(f["manifest.json"], &m); err != nil {
		panic(err)
	}
	sum := sha256.Sum256(f["events.csv"])
	m.Table.Bytes, m.Table.SHA256 = int64(len(f["events.csv"])), hex.EncodeToString(sum[:])
	f["manifest.json"], _ = json.Marshal(m)
}

// code is the exit code that an outcome means.
func code(t testing.TB, v integrity.Verdict, err error) int {
	t.Helper()
	switch {
	case errors.Is(err, integrity.ErrBundle) || err == nil && v == integrity.Undecided:
		return refused
	case err != nil:
		t.Errorf("an error that is none of the files: %v", err)
	case v == integrity.Tampered:
		return tampered
	}
	return clean
}

// TestBothVerifiersAgree changes bundles and packs in many ways.
func TestBothVerifiersAgree(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.full()
	r.anchored()
	anchor := r.clean().Root
	bundle := r.bundle(integrity.BundleOptions{})
	pack := r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r3,r5,r8"), Order: activitylog.Oldest,
		CSV: &export.CSVOptions{}, Anchors: [][]byte{[]byte(anchor)}})
	for _, x := range bundleTamperings {
		t.Run("bundle/"+x.name, func(t *testing.T) {
			t.Parallel()
			agree(t, r, bundle, x, func(f inMemory) (integrity.Verdict, []integrity.Finding, error) {
				report, err := integrity.VerifyBundle(r.ctx, f.fs(), r.auditor())
				if err != nil {
					return 0, nil, err
				}
				return report.Verdict(), report.Findings, nil
			})
		})
	}
	plain := r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r1,r5"), Order: activitylog.Oldest})
	packs := append([]tampering{}, packTamperings...)
	for _, x := range rehashedTamperings {
		packs = append(packs, tampering{"rehashed, " + x.name, both(x.do, rehashEvents), x.want})
	}
	for i, x := range packs {
		t.Run("pack/"+x.name, func(t *testing.T) {
			t.Parallel()
			pack := pack
			if i >= len(packTamperings) {
				pack = plain
			}
			agree(t, r, pack, x, func(f inMemory) (integrity.Verdict, []integrity.Finding, error) {
				report, err := integrity.VerifyEvidence(r.ctx, f.fs(), r.auditor())
				if err != nil {
					return 0, nil, err
				}
				return report.Verdict(), report.Findings, nil
			})
		})
	}
}

func agree(t *testing.T, r *rig, good inMemory, x tampering, verify func(inMemory) (integrity.Verdict, []integrity.Finding, error)) {
	files := inMemory{}
	for name, b := range good {
		files[name] = bytes.Clone(b)
	}
	x.do(files)
	verdict, findings, err := verify(files)
	if got := code(t, verdict, err); got != x.want {
		t.Errorf("the verifier in Go ends with %d, want %d: %v %v", got, x.want, err, findings)
	}
	if got, said := python(t, "--public", r.public, files.save(t)); got != x.want {
		t.Errorf("the verifier in Python ends with %d, want %d: %s", got, x.want, said)
	}
}
