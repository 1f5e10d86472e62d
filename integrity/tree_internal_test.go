package integrity

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// shelf is a space that counts what is read.
type shelf struct {
	rows map[string][]byte
	gets int
}

func (s *shelf) Get(key []byte) ([]byte, bool, error) {
	s.gets++
	b, ok := s.rows[string(key)]
	return b, ok, nil
}

func (s *shelf) Put(key, value []byte) error {
	s.rows[string(key)] = append([]byte{}, value...)
	return nil
}

// A tree that grows from what was left of it is the one that grows from its tiles, and reads none.
func TestTreeGrowsFromItsEdge(t *testing.T) {
	t.Parallel()
	for _, forgets := range []bool{false, true} { // now and then, as another sealer begins
		seed := rand.Uint64()
		t.Log("seed", seed, forgets)
		random := rand.New(rand.NewPCG(seed, 0))
		space := &shelf{rows: map[string][]byte{}}
		var whole frontier
		var old tlog.Tree
		var edge map[int64]tlog.Hash
		for old.N < 1<<16+3000 { // three levels of tiles
			n := 1 + random.IntN(700)
			if old.N > 5000 && old.N < 1<<16-2000 {
				n += 1000
			}
			if random.IntN(4) == 0 {
				n = int(1<<tileHeight - old.N%(1<<tileHeight)) // up to a full tile
			}
			if forgets && random.IntN(8) == 0 {
				edge = nil
			}
			g := grow(space, 1, old, edge, n)
			for i := range n {
				entry := binary.BigEndian.AppendUint64(nil, uint64(old.N)+uint64(i))
				require.NoError(t, g.append(entry))
				_, err := whole.append(tlog.RecordHash(entry))
				require.NoError(t, err)
			}
			require.NoError(t, g.save(space, 1))
			root, err := g.root()
			require.NoError(t, err)
			want, err := whole.root()
			require.NoError(t, err)
			require.Equal(t, want, root, "of %d entries", g.size)
			old, edge = tlog.Tree{N: g.size, Hash: root}, g.edge()
			require.LessOrEqual(t, len(edge), 3*2<<tileHeight)
		}
		require.Equal(t, forgets, space.gets > 0)
		hashes := tlog.TileHashReader(old, &tiles{space, 1})
		for range 200 {
			n := random.Int64N(old.N)
			proof, err := tlog.ProveRecord(old.N, n, hashes)
			require.NoError(t, err)
			entry := binary.BigEndian.AppendUint64(nil, uint64(n))
			require.NoError(t, tlog.CheckRecord(proof, old.N, old.Hash, n, tlog.RecordHash(entry)))
		}
	}
}
