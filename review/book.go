package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/settings"
)

// Subject is what is reviewed.
type Subject string

// The subjects.
const (
	TheLog         Subject = "log"             // what happened
	RetentionRules Subject = "retention rules" // how long it is kept
	AccessRules    Subject = "access rules"    // who may see it
)

var subjects = []Subject{TheLog, RetentionRules, AccessRules}

// Duty says how often a subject is to be reviewed, and by whom.
type Duty struct {
	Subject Subject `json:"subject"`
	Days    int     `json:"days"`           // at the latest after so many days of 24 hours
	Role    string  `json:"role,omitempty"` // that the reviewer must have; empty: any
}

// DefaultDuties are those of an organization that set none: the log every 30 days, the rules every 365.
func DefaultDuties() []Duty {
	return []Duty{{TheLog, 30, ""}, {RetentionRules, 365, ""}, {AccessRules, 365, ""}}
}

// Review says who looked at what.
type Review struct {
	Org      string // empty: the platform's
	Subject  Subject
	Reviewer activitylog.Actor
	Window   Window   // which part of the log was looked at
	Findings []string // what was found; none: nothing
	Note     string

	// OnBehalfOf are those whose identity or authority the reviewer used, nearest first.
	OnBehalfOf []activitylog.Delegation

	At time.Time // when it was recorded; ignored by Record
}

// Book keeps the reviews of a log. It is safe for concurrent use.
type Book struct {
	log *activitylog.Log
	now func() time.Time
}

// NewBook returns the book of a log. now is the clock; nil means time.Now.
func NewBook(log *activitylog.Log, now func() time.Time) (*Book, error) {
	if log == nil {
		return nil, fmt.Errorf("review: %w: a book needs a log", activitylog.ErrInvalid)
	}
	if now == nil {
		now = time.Now
	}
	return &Book{log, now}, nil
}

const settingName = "review"

// Duties returns the duties of an organization, or those of the platform for the empty org.
func (b *Book) Duties(ctx context.Context, org string) ([]Duty, error) {
	duties, _, err := b.duties(ctx, org)
	return duties, err
}

func (b *Book) duties(ctx context.Context, org string) ([]Duty, activitylog.Event, error) {
	duties := []Duty(nil)
	e, err := settings.Get(ctx, b.log, org, settingName, &duties)
	if err != nil {
		return nil, e, fmt.Errorf("review: duties: %w", err)
	}
	if duties == nil {
		duties = DefaultDuties()
	}
	return duties, e, nil
}

// SetDuties replaces the duties, as a decision of the actor of ctx that is recorded with before and after.
func (b *Book) SetDuties(ctx context.Context, org string, duties []Duty, reason string) error {
	for i, d := range duties {
		if !slices.Contains(subjects, d.Subject) || d.Days < 1 || d.Days > 3660 ||
			slices.ContainsFunc(duties[:i], func(o Duty) bool { return o.Subject == d.Subject }) {
			return fmt.Errorf("review: %w: a duty names each of %q at most once, with 1 to 3660 days", activitylog.ErrInvalid, subjects)
		}
	}
	before, event, err := b.duties(ctx, org)
	if err != nil {
		return err
	}
	text := func(list []Duty, s Subject) any {
		for _, d := range list {
			if d.Subject == s {
				return strings.TrimSpace(fmt.Sprintf("every %d days %s", d.Days, d.Role))
			}
		}
		return nil
	}
	var changes []activitylog.Change
	for _, s := range subjects {
		if old, now := text(before, s), text(duties, s); old != now {
			changes = append(changes, activitylog.Change{Path: string(s), Old: old, New: now})
		}
	}
	if duties == nil {
		duties = []Duty{}
	}
	if err := settings.Set(ctx, b.log, b.now(), event, org, settingName, duties, changes, reason); err != nil {
		return fmt.Errorf("review: set duties: %w", err)
	}
	return nil
}

// reviewJSON is what an audit.review event holds.
type reviewJSON struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Findings []string  `json:"findings,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// Record records a review. The reviewer must have the role that the duty asks for.
func (b *Book) Record(ctx context.Context, r Review) error {
	duties, err := b.Duties(ctx, r.Org)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(duties, func(d Duty) bool { return d.Subject == r.Subject })
	switch {
	case !slices.Contains(subjects, r.Subject):
		return fmt.Errorf("review: %w: there is no subject %q; use one of %q", activitylog.ErrInvalid, r.Subject, subjects)
	case r.Reviewer.ID == "":
		return fmt.Errorf("review: %w: a review needs a reviewer with an ID", activitylog.ErrInvalid)
	case !r.Window.From.Before(r.Window.To):
		return fmt.Errorf("review: %w: a review needs the window that was looked at", activitylog.ErrInvalid)
	case i >= 0 && duties[i].Role != "" && !slices.Contains(r.Reviewer.Roles, duties[i].Role):
		return fmt.Errorf("review: %w: the review of the %s needs the role %q", activitylog.ErrInvalid, r.Subject, duties[i].Role)
	}
	value, err := settings.Encode(reviewJSON{r.Window.From.UTC(), r.Window.To.UTC(), r.Findings, r.Note})
	if err != nil {
		return fmt.Errorf("review: %w", err)
	}
	last, err := b.last(ctx, r.Org, r.Subject)
	if err == nil {
		err = settings.Record(ctx, b.log, b.now(), last, activitylog.Event{
			Org: settings.Home(r.Org), Action: decision.Review, Actor: r.Reviewer, OnBehalfOf: r.OnBehalfOf, Metadata: value,
			Targets: []activitylog.Target{{Type: "review", ID: string(r.Subject), Name: "the " + string(r.Subject)}},
		})
	}
	if err != nil {
		return fmt.Errorf("review: record: %w", err)
	}
	return nil
}

// Reviews returns the reviews of a subject, newest first, at most limit (0: all).
func (b *Book) Reviews(ctx context.Context, org string, s Subject, limit int) ([]Review, error) {
	var list []Review
	q := activitylog.Query{Filter: activitylog.ActionIs(decision.Review).And(activitylog.TargetIs("review", string(s)))}
	for e, err := range b.log.Org(settings.Home(org)).Events(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("review: %w", err)
		}
		if !settings.Decides(&e) {
			continue
		}
		var j reviewJSON
		if err := settings.Decode(&e, &j); err != nil {
			return nil, fmt.Errorf("review: event %s: %w", e.ID, err)
		}
		list = append(list, Review{org, s, e.Actor, Window{j.From, j.To}, j.Findings, j.Note, e.OnBehalfOf, e.Time})
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

func (b *Book) last(ctx context.Context, org string, s Subject) (activitylog.Event, error) {
	q := activitylog.Query{Filter: activitylog.ActionIs(decision.Review).And(activitylog.TargetIs("review", string(s)))}
	for e, err := range b.log.Org(settings.Home(org)).Events(ctx, q) {
		if err != nil || settings.Decides(&e) {
			return e, err
		}
	}
	return activitylog.Event{}, nil
}

// Due is a review that was to be made by a time.
type Due struct {
	Duty
	Org  string
	Last time.Time // when it was reviewed last; zero: never
	By   time.Time // when the next one is to be made; zero: at once
}

// Overdue returns the reviews of an organization that should have been made by now.
func (b *Book) Overdue(ctx context.Context, org string) ([]Due, error) {
	duties, err := b.Duties(ctx, org)
	if err != nil {
		return nil, err
	}
	var list []Due
	for _, d := range duties {
		reviews, err := b.Reviews(ctx, org, d.Subject, 1)
		if err != nil {
			return nil, err
		}
		due := Due{Duty: d, Org: org}
		if len(reviews) > 0 {
			due.Last = reviews[0].At
			due.By = due.Last.Add(time.Duration(d.Days) * 24 * time.Hour)
		}
		if !b.now().Before(due.By) {
			list = append(list, due)
		}
	}
	return list, nil
}
