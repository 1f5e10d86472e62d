package integrity

import (
	"context"
	"io"
	"iter"

	"github.com/activitylog/activitylog"
)

// AsEvidence is the function AsEvidence over the log that is sealed: it fills in the public keys, and seals what was read.
// Org, Filter and Order of opts are those of the query that gives the events.
func (s *Sealer) AsEvidence(ctx context.Context, opts EvidenceOptions) func(io.Writer, iter.Seq2[activitylog.Event, error]) error {
	opts.Verifiers = s.keys.Verifiers
	opts.Seal = func(ctx context.Context) error {
		_, err := s.Seal(ctx)
		return err
	}
	return AsEvidence(ctx, s.store, &opts)
}
