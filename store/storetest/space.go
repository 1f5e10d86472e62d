package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/activitylog/activitylog"
)

const mustSpace = "a Space is an ordered key-value table: keys are compared as bytes, " +
	"Range yields the pairs with from <= key < to in their order"

var spaceCases = []testCase{
	{name: "space/put and get", must: mustSpace, needs: keepsSpaces, run: spacePutGet},
	{name: "space/order", must: mustSpace + "; a nil to means no end", needs: keepsSpaces, run: spaceOrder},
	{name: "space/names", must: "spaces of different names are different tables", needs: keepsSpaces, run: func(s *subject) {
		names := []string{"a", "A", "b", "a/b", "a b", "ä", "a%", "a_", "'a'", "a\n", "日"}
		for i, name := range names {
			s.put(name, "same key", fmt.Sprint(i), name, "own key")
		}
		for i, name := range names {
			own := map[string]string{"same key": fmt.Sprint(i), name: "own key"}
			s.hasPairs(name, sortedPairs(own, "", "\xff")...)
		}
		s.ok(s.space("a").Update(s.ctx, func(tx activitylog.SpaceTx) error { return tx.Delete([]byte("same key")) }), "delete")
		s.hasPairs("a", "a", "own key")
		s.hasPairs("A", "A", "own key", "same key", "1")
		s.hasPairs("none")
	}},
	{name: "space/large", must: mustSpace + ", however many and however large", needs: keepsSpaces, run: func(s *subject) {
		const n = 2500
		value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1+i%7*100) }
		s.ok(s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
			for i := range n {
				if err := tx.Put(fmt.Appendf(nil, "k%05d", i*7919%n), value(i*7919%n)); err != nil {
					return err
				}
			}
			return tx.Put([]byte("large"), bytes.Repeat([]byte("0123456789abcdef"), 1<<16))
		}), "put %d values", n)
		s.ok(s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
			i := 0
			for p, err := range tx.Range([]byte("k"), []byte("l")) {
				if err != nil {
					return err
				}
				if string(p.Key) != fmt.Sprintf("k%05d", i) || !bytes.Equal(p.Value, value(i)) {
					return fmt.Errorf("entry %d is %q", i, p.Key)
				}
				i++
			}
			v, _, err := tx.Get([]byte("large"))
			if err == nil && (i != n || len(v) != 16<<16) {
				err = fmt.Errorf("there are %d of %d entries and a large one of %d bytes", i, n, len(v))
			}
			return err
		}), "read %d values", n)
	}},
	{name: "space/not kept", must: "a store must not keep or change what it is given",
		needs: keepsSpaces, run: spaceNotKept},
	{name: "space/canceled", must: "a store must honour its context", needs: keepsSpaces, run: func(s *subject) {
		ctx, cancel := s.canceled()
		defer cancel()
		put := func(tx activitylog.SpaceTx) error { return tx.Put([]byte("k"), []byte("v")) }
		if err := s.space("x").Update(ctx, put); !errors.Is(err, ctx.Err()) {
			s.fatalf("Update with a canceled context returned %v", err)
		}
		read := func(tx activitylog.SpaceTx) error { _, _, err := tx.Get([]byte("k")); return err }
		if err := s.space("x").View(ctx, read); !errors.Is(err, ctx.Err()) {
			s.fatalf("View with a canceled context returned %v", err)
		}
		s.hasPairs("x")
	}},
}

func (s *subject) space(name string) activitylog.Space {
	return s.store.(activitylog.Spacer).Space(name)
}

// put writes keys and values in turn.
func (s *subject) put(name string, pairs ...string) {
	s.ok(s.space(name).Update(s.ctx, func(tx activitylog.SpaceTx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	}), "put into space %q", name)
}

// hasPairs compares all that a space holds with keys and values in turn.
func (s *subject) hasPairs(name string, want ...string) {
	var got []string
	s.ok(s.space(name).View(s.ctx, func(tx activitylog.SpaceTx) error {
		var err error
		got, err = flat(tx.Range(nil, nil))
		return err
	}), "view space %q", name)
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		s.fatalf("space %q holds %q, not %q", name, got, want)
	}
}

// flat reads a range as keys and values in turn.
func flat(pairs iter.Seq2[activitylog.Pair, error]) ([]string, error) {
	var list []string
	for p, err := range pairs {
		if err != nil {
			return nil, err
		}
		list = append(list, string(p.Key), string(p.Value))
	}
	return list, nil
}

func spacePutGet(s *subject) {
	get := func(key string) (value string, ok bool) {
		s.ok(s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
			v, there, err := tx.Get([]byte(key))
			value, ok = string(v), there
			return err
		}), "get %q", key)
		return value, ok
	}
	if v, ok := get("k"); ok || v != "" {
		s.fatalf("an empty space holds %q under k", v)
	}
	s.hasPairs("x")
	s.put("x", "k", "v", "empty", "", "\x00", "\x00\xff", "k\x00", "zero behind")
	for key, want := range map[string]string{"k": "v", "empty": "", "\x00": "\x00\xff", "k\x00": "zero behind"} {
		if v, ok := get(key); !ok || v != want {
			s.fatalf("key %q holds %q (%v), not %q", key, v, ok, want)
		}
	}
	for _, key := range []string{"K", "k ", "", "kk", "emp"} {
		if v, ok := get(key); ok {
			s.fatalf("key %q, which was never put, holds %q", key, v)
		}
	}
	s.put("x", "k", "w", "empty", "full")
	s.hasPairs("x", "\x00", "\x00\xff", "empty", "full", "k", "w", "k\x00", "zero behind")
	s.ok(s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
		return errors.Join(tx.Delete([]byte("k")), tx.Delete([]byte("never there")), tx.Put([]byte("nil"), nil))
	}), "delete")
	s.hasPairs("x", "\x00", "\x00\xff", "empty", "full", "k\x00", "zero behind", "nil", "")
	if v, ok := get("nil"); !ok || v != "" {
		s.fatalf("a nil value came back as %q (%v); it is an empty value, not an absent one", v, ok)
	}
}

func spaceOrder(s *subject) {
	keys := []string{
		"", "\x00", "\x00\x00", "\x00\x01", "\x01", "0", "10", "9", "A", "Z", "a", "a\x00", "a\x00\xff", "a\x01", "aa", "a\xff",
		"a\xff\xff", "b", "\x7f", "\x80", "\xc3\xa4", "\xfe\xff", "\xff", "\xff\x00", "\xff\xff",
	}
	var pairs []string
	for i := range keys {
		k := keys[i*11%len(keys)]
		pairs = append(pairs, k, "value of "+k)
	}
	s.put("x", pairs...)
	bounds := append([]string{"a\x00\x00", "c", "\xff\xff\xff"}, keys...)
	s.ok(s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
		for _, from := range bounds {
			for _, to := range append(bounds, "no end") {
				end := []byte(to)
				if to == "no end" {
					end = nil
				}
				var want []string
				for _, k := range keys {
					if k >= from && (end == nil || k < to) {
						want = append(want, k, "value of "+k)
					}
				}
				got, err := flat(tx.Range([]byte(from), end))
				if err != nil {
					return err
				}
				if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
					return fmt.Errorf("the range from %q to %q is %q, not %q", from, to, got, want)
				}
			}
		}
		for p, err := range tx.Range(nil, nil) { // left early
			if err != nil || string(p.Key) != keys[0] {
				return fmt.Errorf("the first key is %q, with error %v", p.Key, err)
			}
			break
		}
		return nil
	}), "view")
}

// spaceNotKept changes what was put and what was got, inside and outside of the transaction.
func spaceNotKept(s *subject) {
	spoil := func(list ...[]byte) {
		for _, b := range list {
			b[0] = '!'
		}
	}
	k, v := []byte("key"), []byte("value")
	s.ok(s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
		copy(k, "key")
		copy(v, "value")
		if err := tx.Put(k, v); err != nil {
			return err
		}
		spoil(k, v)
		got, _, err := tx.Get([]byte("key"))
		if err == nil && string(got) == "value" {
			spoil(got)
		}
		return err
	}), "update")
	s.hasPairs("x", "key", "value")
	s.ok(s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
		got, _, err := tx.Get([]byte("key"))
		if err != nil {
			return err
		}
		spoil(got)
		for p, err := range tx.Range(nil, nil) {
			if err != nil {
				return err
			}
			spoil(p.Key, p.Value)
		}
		return nil
	}), "view")
	s.hasPairs("x", "key", "value")
}
