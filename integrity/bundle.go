package integrity

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/tlog"
)

// The files of a bundle. Checkpoints, entries and tiles lie as C2SP tlog-tiles says, each tree in a folder of its own.
const (
	manifestName = "manifest.json"
	eventsName   = "events.ndjson" // rows in the order in which they were sealed, each as it was hashed
	rootFolder   = "root"
	treesFolder  = "trees/"

	bundleFormat = "activitylog/bundle/v1"
)

// What is refused before it takes much memory.
const (
	maxManifest   = 16 << 20
	maxCheckpoint = 64 << 10
	maxEvent      = 1 << 20                     // a line
	maxEntries    = (2 + maxLeaf) << tileHeight // a file of entries
	maxTile       = tlog.HashSize << tileHeight
	rowsAhead     = 8 << 20 // bytes of lines that are read at once
)

// ErrBundle means that a bundle or evidence pack cannot be read: it is damaged, cut off or was made to do harm. Whether
// anything was changed in the log cannot be decided by it.
var ErrBundle = errors.New("the files cannot be verified")

func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBundle, fmt.Sprintf(format, args...))
}

// Manifest says what a bundle is of. It is not signed: what counts is compared with what is.
type Manifest struct {
	Format string       `json:"format"`
	Origin string       `json:"origin"`           // the name of the log
	Made   time.Time    `json:"made"`             // by the clock of whoever made it
	Org    string       `json:"org,omitempty"`    // the only organization in it; empty: all
	Hidden []string     `json:"hidden,omitempty"` // parts of events that were left out
	Rows   int64        `json:"rows"`
	Trees  []BundleTree `json:"trees"`

	Receipts int64 `json:"receipts,omitempty"` // of anchors
}

// BundleTree names the tree of an organization.
type BundleTree struct {
	Name string `json:"name"` // its folder, and the last part of its origin
	Org  string `json:"org"`
}

// bundle is a source in files.
type bundle struct {
	files  fs.FS
	m      Manifest
	hidden activitylog.Parts
	sizes  map[uint32]int64 // of trees, as their checkpoints say

	rows *lineReader // nil: none was read yet
}

func openBundle(files fs.FS) (*bundle, error) {
	b := &bundle{files: files, sizes: map[uint32]int64{}}
	text, err := b.read(manifestName, maxManifest)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &b.m); err != nil {
		return nil, unreadable("%s: %v", manifestName, err)
	}
	if b.m.Format != bundleFormat {
		return nil, unreadable("%s tells of the format %.80q; this version reads %q", manifestName, b.m.Format, bundleFormat)
	}
	for _, name := range b.m.Hidden {
		g := slices.Index(groupNames[:textGroup], name)
		if g < 0 {
			return nil, unreadable("%s hides %.80q, which is no part of an event", manifestName, name)
		}
		b.hidden |= 1 << g
	}
	return b, nil
}

// whole tells whether all organizations are in it.
func (b *bundle) whole() bool { return b.m.Org == "" }

// read reads a file that has at most so many bytes.
func (b *bundle) read(name string, most int64) ([]byte, error) { return readFile(b.files, name, most) }

func readFile(files fs.FS, name string, most int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, unreadable("%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, unreadable("%s: %v", name, err)
	}
	if int64(len(text)) > most {
		return nil, unreadable("%s has more than %d bytes", name, most)
	}
	return text, nil
}

// hides are the parts that were left out, with what goes along with any.
func (b *bundle) hides() activitylog.Parts {
	if b.hidden == 0 {
		return 0
	}
	return b.hidden | 1<<textGroup
}

// trees implements source.
func (b *bundle) trees(v *verification) error {
	if b.m.Origin != v.origin {
		return unreadable("it is of the log %.80q, and the key of %q", b.m.Origin, v.origin)
	}
	seen := map[[16]byte]bool{}
	for i, x := range b.m.Trees {
		stream, ok := streamOf(x.Name)
		if !ok || seen[stream] || x.Org == "" || v.byOrg[x.Org] != nil || !b.whole() && x.Org != b.m.Org {
			return unreadable("tree %d of %s is named wrongly, twice, or of another organization", i+1, manifestName)
		}
		seen[stream] = true
		v.add(uint32(i+1), tree{Stream: stream, Org: x.Org})
	}
	var err error
	v.anchors, err = readReceipts(b.files, b.m.Receipts)
	return err
}

var treeNames = base32.StdEncoding.WithPadding(base32.NoPadding)

// streamName is the name of a tree outside of the database.
func streamName(stream [16]byte) string { return strings.ToLower(treeNames.EncodeToString(stream[:])) }

func streamOf(name string) (stream [16]byte, ok bool) {
	b, err := treeNames.DecodeString(strings.ToUpper(name))
	if err != nil || len(b) != len(stream) {
		return stream, false
	}
	stream = [16]byte(b)
	return stream, streamName(stream) == name
}

func (b *bundle) folder(number uint32) string {
	if number == 0 {
		return rootFolder
	}
	return treesFolder + b.m.Trees[number-1].Name
}

func (b *bundle) checkpoint(number uint32) ([]byte, error) {
	return b.read(b.folder(number)+"/checkpoint", maxCheckpoint)
}

// size is how many entries a tree has, if its checkpoint is believed.
func (b *bundle) size(number uint32) (int64, error) {
	if size, ok := b.sizes[number]; ok {
		return size, nil
	}
	text, err := b.checkpoint(number)
	if err != nil {
		return 0, err
	}
	size, err := sizeIn(text)
	if err != nil {
		return 0, unreadable("%s/checkpoint: %v", b.folder(number), err)
	}
	b.sizes[number] = size
	return size, nil
}

// sizeIn is the size that a checkpoint tells of, signed or not.
func sizeIn(checkpoint []byte) (int64, error) {
	var c log.Checkpoint
	if _, err := c.Unmarshal(checkpoint); err != nil {
		return 0, err
	}
	if c.Size > 1<<62 {
		return 0, errors.New("a size beyond all")
	}
	return int64(c.Size), nil
}

// entryPath and tilePath are where C2SP tlog-tiles puts a file.
func entryPath(size, n int64) string {
	t := tileOf(size, 0, n)
	t.L = -1
	return strings.Replace(t.Path(), "tile/8/data/", "tile/entries/", 1)
}

func tilePath(t tlog.Tile) string { return strings.Replace(t.Path(), "tile/8/", "tile/", 1) }

func (b *bundle) entries(number uint32, from, end int64) ([][]byte, error) {
	size, err := b.size(number)
	if err != nil {
		return nil, err
	}
	if from >= min(size, end) {
		return nil, damaged("entries from %d on are missing", from)
	}
	n := from >> tileHeight
	name := b.folder(number) + "/" + entryPath(size, n)
	text, err := b.read(name, maxEntries)
	if err != nil {
		return nil, err
	}
	page, err := splitSegment(text)
	if err != nil || len(page) != tileOf(size, 0, n).W {
		return nil, unreadable("%s has not the %d entries that its name promises", name, tileOf(size, 0, n).W)
	}
	return page[from-n<<tileHeight : min(int64(len(page)), end-n<<tileHeight)], nil
}

func (b *bundle) tile(number uint32, t tlog.Tile) ([]byte, error) {
	return b.read(b.folder(number)+"/"+tilePath(t), maxTile)
}

// Tail reads the rows once, from the first to the last.
func (b *bundle) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	if b.rows == nil {
		var err error
		if b.rows, err = openLines(b.files, eventsName); err != nil {
			return nil, "", err
		}
	}
	var events []activitylog.Tailed
	for size := 0; len(events) < limit && size < rowsAhead; {
		line, err := b.rows.next()
		if err != nil {
			return nil, "", err
		}
		if line == nil {
			return events, after, nil
		}
		size += len(line)
		after = activitylog.Position(strconv.FormatInt(b.rows.n, 10))
		e, err := parseLine(line)
		if err != nil {
			return events, after, b.rows.bad(err)
		}
		events = append(events, activitylog.Tailed{Event: e, Position: after})
	}
	return events, after, ctx.Err()
}

func (b *bundle) close() {
	if b.rows != nil {
		b.rows.file.Close()
	}
}

// VerifyBundle holds a bundle to its signatures, with nothing but a public key of its log, and says the same as Verify
// did when it was made. opts are those of Verify; Keys and Deep have no use here. The files come from OpenFiles, or from
// any other fs.FS. An error that wraps ErrBundle means that they cannot be read.
func VerifyBundle(ctx context.Context, files fs.FS, opts *VerifyOptions) (*Report, error) {
	if opts == nil || len(opts.Verifiers) == 0 {
		return nil, fmt.Errorf("integrity: %w: verifying needs the public key of the log", activitylog.ErrInvalid)
	}
	b, err := openBundle(files)
	if err != nil {
		return nil, fmt.Errorf("integrity: verify: %w", err)
	}
	defer b.close()
	v, err := verify(ctx, b, opts)
	if err != nil {
		return nil, fmt.Errorf("integrity: verify: %w", err)
	}
	v.report.Manifest = &b.m
	return &v.report, nil
}
