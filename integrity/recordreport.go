package integrity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// Verified is what the log keeps of a verification.
type Verified struct {
	At       time.Time
	Verdict  Verdict
	Events   int64 // rows that were read
	Sealed   int64 // entries in the trees
	Findings int
	Here     int    // findings about the organization that was asked for
	Root     string // the newest checkpoint of the root log then
}

const maxOrgsInReport = 100

// Record records a verification in the log of the platform, as an audit.verify event by the actor of ctx, so that people
// see when the log was verified last and how that ended. Nobody else can record one.
func (r *Report) Record(ctx context.Context, log *activitylog.Log) error {
	orgs := map[string]any{}
	for _, f := range r.Findings {
		if n, ok := orgs[f.Org].(int); ok || len(orgs) < maxOrgsInReport {
			orgs[f.Org] = n + 1
		}
	}
	e := activitylog.Event{
		Org: activitylog.SystemOrg, Action: decision.Verify, Outcome: activitylog.Success,
		Targets: []activitylog.Target{{Type: "log range", ID: "all", Name: "the whole log"}},
		Metadata: map[string]any{
			"verdict": r.Verdict().String(), "events": r.Events, "sealed": r.Sealed, "unsealed": r.Unsealed, "trees": r.Trees, "intact": r.Intact,
			"findings": len(r.Findings) + r.More, "orgs": orgs, "root": r.Root,
		},
	}
	if r.Verdict() != Clean {
		e.Outcome, e.Reason = activitylog.Failure, r.Verdict().String()
	}
	if _, err := log.Record(decision.With(ctx), e); err != nil {
		return fmt.Errorf("integrity: record the verification: %w", err)
	}
	return nil
}

// LastVerified returns the newest verification that Report.Record recorded, with the findings about an organization
// counted, or one whose At is zero.
func LastVerified(ctx context.Context, log *activitylog.Log, org string) (Verified, error) {
	for e, err := range log.Org(activitylog.SystemOrg).Events(ctx, activitylog.Query{Filter: activitylog.ActionIs(decision.Verify)}) {
		if err != nil {
			return Verified{}, fmt.Errorf("integrity: last verification: %w", err)
		}
		verdicts := []string{Clean.String(), Undecided.String(), Tampered.String()}
		text, _ := e.Metadata["verdict"].(string)
		i := slices.Index(verdicts, text)
		if e.Backfill || i < 0 {
			continue
		}
		x := Verified{At: e.Time, Verdict: Verdict(i), Events: whole(e.Metadata["events"]), Sealed: whole(e.Metadata["sealed"]), Findings: int(whole(e.Metadata["findings"]))}
		x.Root, _ = e.Metadata["root"].(string)
		if orgs, ok := e.Metadata["orgs"].(map[string]any); ok {
			x.Here = int(whole(orgs[org]))
		}
		return x, nil
	}
	return Verified{}, nil
}

// whole reads a number of metadata.
func whole(v any) int64 {
	n, ok := v.(interface{ Int64() (int64, error) })
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return i
}
