package alerts

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
)

// Finding is a hint: something that is unusual enough for a person to look at its events. It is no verdict.
type Finding struct {
	Rule        string // one of Rules
	Version     int    // of the rule; it rises when the same events would be judged differently
	Kind        string // the shape within the rule
	Fingerprint string // of rule, kind, organization and subject: the same for the same trouble at another time
	Severity    activitylog.Severity
	Score       int // 0 to 100: how surprising, not how bad
	Org         string
	Subject     Subject
	Window      Window    // what is judged, half-open
	Raised      time.Time // the first moment at which the events gave the finding
	Observed    float64
	Expected    float64
	Bound       float64 // what Observed would have had to stay at or below
	Unit        string
	Baseline    Baseline
	Reasons     []string // what else speaks for it, as codes

	Contributors  []Share
	Affected      []string // users, sorted, at most 50
	AffectedTotal int      // how many there are in all

	Filter               activitylog.Filter // within the organization; its events are Count
	Count                int64
	First, Last, Largest uuid.UUID // among them; zero where figures hold no events

	Explanation string // one sentence for people

	backfilled int64 // of Count

	Occurrences int       // how many windows of one trouble this stands for; see Episodes
	LastSeen    time.Time // the end of the last of them
}

// Subject is whom or what a finding is about.
type Subject struct {
	Type string // user, ip, org, model, provider, integration or kind (of actions)
	ID   string
}

// Window is a time from From up to, not including, To.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Baseline says what Expected comes from.
type Baseline struct {
	Method string    `json:"method"`
	Size   int       `json:"size"` // days, hours or events, as Method says
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Mature bool      `json:"mature"` // false: still learning
}

// Share is what one of several contributed.
type Share struct {
	Type   string  `json:"type"`
	ID     string  `json:"id"`
	Amount float64 `json:"amount"`
	Share  float64 `json:"share"` // of the whole, 0 to 1
}

// maxAffected is how many users a finding lists.
const maxAffected = 50

// affect lists the users concerned.
func (f *Finding) affect(users ...string) {
	slices.Sort(users)
	users = slices.Compact(users)
	f.AffectedTotal = len(users)
	f.Affected = users[:min(len(users), maxAffected)]
}

// contribute lists who had which part of the whole, largest first, at most five.
func (f *Finding) contribute(kind string, amounts map[string]float64) {
	total := 0.0
	var list []Share
	for id, n := range amounts {
		if n > 0 {
			total += n
			list = append(list, Share{Type: kind, ID: id, Amount: n})
		}
	}
	slices.SortFunc(list, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Amount, a.Amount), strings.Compare(a.ID, b.ID)) })
	for i := range list {
		list[i].Share = list[i].Amount / total
	}
	f.Contributors = append(f.Contributors, list[:min(len(list), 5)]...)
}

// fingerprint names the trouble without its time.
func fingerprint(rule, kind, org string, s Subject) string {
	h := sha256.New()
	for _, part := range []string{rule, kind, org, s.Type, s.ID} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// surprise is the score of a tail probability: 20 points for each power of ten, up to 100.
func surprise(p float64) int {
	if p <= 0 || math.IsNaN(p) {
		return 100
	}
	return int(math.Round(20 * min(5, max(0, -math.Log10(p)))))
}

// severities in their order.
var severities = []activitylog.Severity{activitylog.Info, activitylog.Low, activitylog.Medium, activitylog.High, activitylog.Critical}

func rank(s activitylog.Severity) int { return slices.Index(severities, s) }

// compareFindings is the order of Judge: by window, then by what they are.
func compareFindings(a, b Finding) int {
	return cmp.Or(a.Window.From.Compare(b.Window.From), a.Window.To.Compare(b.Window.To), strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Kind, b.Kind), strings.Compare(a.Subject.ID, b.Subject.ID), strings.Compare(a.Subject.Type, b.Subject.Type))
}

// MarshalJSON writes the finding with the filter in its text form.
func (f Finding) MarshalJSON() ([]byte, error) {
	id := func(u uuid.UUID) string {
		if u == uuid.Nil {
			return ""
		}
		return u.String()
	}
	affected := f.Affected
	if affected == nil {
		affected = []string{}
	}
	return json.Marshal(struct {
		Rule          string               `json:"rule"`
		Version       int                  `json:"version"`
		Kind          string               `json:"kind"`
		Fingerprint   string               `json:"fingerprint"`
		Severity      activitylog.Severity `json:"severity"`
		Score         int                  `json:"score"`
		Org           string               `json:"org"`
		Subject       string               `json:"subject"`
		SubjectType   string               `json:"subject_type"`
		Window        Window               `json:"window"`
		Raised        time.Time            `json:"raised"`
		Observed      float64              `json:"observed"`
		Expected      float64              `json:"expected"`
		Bound         float64              `json:"bound"`
		Unit          string               `json:"unit"`
		Baseline      Baseline             `json:"baseline"`
		Reasons       []string             `json:"reasons,omitempty"`
		Contributors  []Share              `json:"contributors,omitempty"`
		Affected      []string             `json:"affected"`
		AffectedTotal int                  `json:"affected_total"`
		Filter        string               `json:"filter"`
		Count         int64                `json:"count"`
		First         string               `json:"first,omitempty"`
		Last          string               `json:"last,omitempty"`
		Largest       string               `json:"largest,omitempty"`
		Explanation   string               `json:"explanation"`
		Occurrences   int                  `json:"occurrences"`
		LastSeen      time.Time            `json:"last_seen"`
	}{
		f.Rule, f.Version, f.Kind, f.Fingerprint, f.Severity, f.Score, f.Org, f.Subject.ID, f.Subject.Type, f.Window, f.Raised,
		f.Observed, f.Expected, f.Bound, f.Unit, f.Baseline, f.Reasons, f.Contributors, affected, f.AffectedTotal,
		f.Filter.String(), f.Count, id(f.First), id(f.Last), id(f.Largest), f.Explanation, f.Occurrences, f.LastSeen,
	})
}
