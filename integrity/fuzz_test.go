package integrity_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

func FuzzLeaf(f *testing.F) {
	w := integrity.NewWriter(integrity.NewWriterKeys())
	events := []activitylog.Event{full()}
	require.NoError(f, w.Stamp(events))
	f.Add(events[0].Leaf[:len(events[0].Leaf)-32])
	f.Add([]byte("activitylog/adopted/v1\n\x86\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		integrity.ParseEntry(b)
		l, err := integrity.ParseLeaf(b)
		if err != nil {
			return
		}
		again, err := l.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x was read and is written as %x, %v", b, again, err)
		}
	})
}

func FuzzRootEntry(f *testing.F) {
	f.Add([]byte("activitylog/beat/v1\n\x83\x01\x00\x00"))
	f.Add([]byte("activitylog/seal/v1\n\x89\x01"))
	f.Fuzz(func(_ *testing.T, b []byte) { integrity.ParseRootEntry(b) })
}

func FuzzSegment(f *testing.F) {
	f.Add([]byte{0, 1, 7, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := integrity.SplitSegment(b)
		n := 0
		for _, e := range entries {
			n += 2 + len(e)
		}
		if err == nil && n != len(b) {
			t.Errorf("%d bytes of %d", n, len(b))
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	r := memoryRig(f)
	r.seal()
	good := r.verify().Root
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := integrity.OpenCheckpoint(b, r.keys.Signer.Name(), r.keys.Verifiers); err == nil && string(b) != good {
			t.Errorf("%q counts as signed", b)
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add("public x\nseal y\n")
	f.Fuzz(func(_ *testing.T, s string) { integrity.ParseKeyFile(strings.NewReader(s)) })
}
