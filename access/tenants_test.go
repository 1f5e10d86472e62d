package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/export"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// answer is all that a read gave away: what it returned, as text, and its error.
type answer struct {
	text string
	err  error
}

// ask is what is asked of a tenant with what belongs to another one.
type ask struct {
	id     uuid.UUID
	filter activitylog.Filter
	cursor activitylog.Cursor
	after  activitylog.Position
}

// reads is every exported method of a Reader. A method that is missing here fails the test.
var reads = map[string]func(ctx context.Context, r access.Reader, a ask) answer{
	"Get": func(ctx context.Context, r access.Reader, a ask) answer {
		e, err := r.Get(ctx, a.id)
		return answer{string(e.AppendJSON(nil)), err}
	},
	"Page": func(ctx context.Context, r access.Reader, a ask) answer {
		p, err := r.Page(ctx, activitylog.Query{Filter: a.filter, Cursor: a.cursor})
		return answer{textOf(p.Events) + fmt.Sprint(p.Examined, p.Next.IsZero(), p.Prev.IsZero()), err}
	},
	"About": func(ctx context.Context, r access.Reader, a ask) answer {
		r = r.About(a.filter)
		p, err := r.Page(ctx, activitylog.Query{Cursor: a.cursor})
		n, counting := r.Count(ctx, activitylog.Filter{}, 0)
		return answer{textOf(p.Events) + fmt.Sprint(n, p.Examined, p.Next.IsZero(), p.Prev.IsZero()), errors.Join(err, counting)}
	},
	"Events": func(ctx context.Context, r access.Reader, a ask) answer {
		return collected(r.Events(ctx, activitylog.Query{Filter: a.filter, Cursor: a.cursor}))
	},
	"Count": func(ctx context.Context, r access.Reader, a ask) answer {
		n, err := r.Count(ctx, a.filter, 0)
		return answer{fmt.Sprint(n), err}
	},
	"Aggregate": func(ctx context.Context, r access.Reader, a ask) answer {
		var text string
		for b, err := range r.Aggregate(ctx, activitylog.Aggregation{Filter: a.filter, By: []string{"org", "actor", "ip"}}) {
			if err != nil {
				return answer{text, err}
			}
			text += fmt.Sprintf("%+v\n", b)
		}
		return answer{text, nil}
	},
	"Watch": func(ctx context.Context, r access.Reader, a ask) answer {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		var events []activitylog.Event
		for t, err := range r.Watch(ctx, a.after, a.filter) {
			if errors.Is(err, context.DeadlineExceeded) {
				break
			}
			if err != nil {
				return answer{textOf(events), err}
			}
			events = append(events, t.Event)
		}
		return answer{textOf(events), nil}
	},
	"Follow": func(ctx context.Context, r access.Reader, a ask) answer {
		sees, err := r.Follow(ctx, a.filter)
		if err != nil {
			return answer{"", err}
		}
		all, _, err := access.LogOf(r).Tail(ctx, "", 1000)
		var events []activitylog.Event
		for _, t := range all {
			if sees(&t.Event) {
				events = append(events, t.Event)
			}
		}
		return answer{textOf(events), err}
	},
	"Export": func(ctx context.Context, r access.Reader, a ask) answer {
		var out bytes.Buffer
		x, err := r.Export(ctx, &out, activitylog.Query{Filter: a.filter, Cursor: a.cursor}, export.AsNDJSON())
		return answer{out.String() + fmt.Sprint(x.Rows, x.Bytes, x.SHA256), err}
	},
}

func textOf(events []activitylog.Event) string {
	var b []byte
	for i := range events {
		b = append(events[i].AppendJSON(b), '\n')
	}
	return string(b)
}

func collected(events iter.Seq2[activitylog.Event, error]) answer {
	var list []activitylog.Event
	for e, err := range events {
		if err != nil {
			return answer{textOf(list), err}
		}
		list = append(list, e)
	}
	return answer{textOf(list), nil}
}

func TestEveryReadIsListed(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[access.Reader]()
	for i := range typ.NumMethod() {
		if reads[typ.Method(i).Name] == nil {
			t.Errorf("Reader.%s is not in the test of tenants", typ.Method(i).Name)
		}
	}
}

// tenants are readers that must know nothing of each other, each with a word that no other may see.
type tenant struct {
	name, secret string
	grant        access.Grant
	own          activitylog.Event
}

// TestNoForeignRows goes over every read with every pair of tenants: the answer about what belongs to the other one must
// be that about what never existed.
func TestNoForeignRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, noForeignRows)
}

// aside leaves out the reader's own records, which hold what was searched for.
var aside = activitylog.Not(activitylog.CategoryIs("audit"))

func noForeignRows(t *testing.T) {
	r := memoryRig(t)
	var tenants []tenant
	for i, org := range []string{"acme", "globex", "initech"} {
		tenants = append(tenants, tenant{org, "of-" + org, access.Org(activitylog.Actor{ID: "admin-of-" + org}, org, access.AllRights), r.record(org, "", "actor-of-"+org, i)})
	}
	for i, project := range []string{"north", "south"} {
		tenants = append(tenants, tenant{project, "of-" + project,
			access.Project(activitylog.Actor{ID: "member-of-" + project}, "shared", project, access.AllRights), r.record("shared", project, "actor-of-"+project, i)})
	}
	for i, person := range []string{"mia", "noa"} {
		tenants = append(tenants, tenant{person, "me-" + person, access.Own(activitylog.Actor{ID: "me-" + person}, "club", access.AllRights), r.record("club", "", "me-"+person, i)})
	}
	cursors := map[string]activitylog.Cursor{}
	for _, x := range tenants {
		r.record(x.own.Org, x.own.Project, x.own.Actor.ID, 9) // so that there is a second page
		p, err := r.guard.Reader(x.grant).Page(t.Context(), activitylog.Query{Limit: 1})
		require.NoError(t, err)
		p, err = r.guard.Reader(x.grant).Page(t.Context(), activitylog.Query{Limit: 1, Cursor: p.Next})
		require.NoError(t, err)
		cursors[x.name] = p.Prev
		require.NotEmpty(t, cursors[x.name])
	}
	for _, mine := range tenants {
		for _, other := range tenants {
			if mine.name == other.name {
				continue
			}
			for name, read := range reads {
				reader := r.guard.Reader(mine.grant)
				nobody := uuid.Must(uuid.NewV7())
				for _, c := range []struct {
					name          string
					theirs, never ask
				}{
					{"id", ask{id: other.own.ID, filter: activitylog.IDIs(other.own.ID)}, ask{id: nobody, filter: activitylog.IDIs(nobody)}},
					{"actor", ask{id: other.own.ID, filter: activitylog.ActorIs(other.own.Actor.ID)}, ask{id: nobody, filter: activitylog.ActorIs("nobody-at-all-xyz")}},
					{"text", ask{id: other.own.ID, filter: activitylog.Text(`"` + other.secret + `"`).And(aside)}, ask{id: nobody, filter: activitylog.Text(`"no-such-word"`).And(aside)}},
				} {
					got, want := read(t.Context(), reader, c.theirs), read(t.Context(), reader, c.never)
					if got.text != want.text || fmt.Sprintf("%T", got.err) != fmt.Sprintf("%T", want.err) ||
						errors.Is(got.err, activitylog.ErrNotFound) != errors.Is(want.err, activitylog.ErrNotFound) ||
						errorText(got.err, other.own.ID) != errorText(want.err, nobody) {
						t.Errorf("%s by %s of %s of %s: %q, %v; for what never was: %q, %v", name, c.name, mine.name, other.name, got.text, got.err, want.text, want.err)
					}
				}
				whole := read(t.Context(), reader, ask{id: other.own.ID, filter: aside})
				if strings.Contains(whole.text+errorText(whole.err, other.own.ID), other.secret) {
					t.Errorf("%s of %s tells of %s: %s %v", name, mine.name, other.name, whole.text, whole.err)
				}
				if name == "Page" || name == "Events" || name == "Export" {
					if a := read(t.Context(), reader, ask{cursor: cursors[other.name]}); a.err == nil {
						t.Errorf("%s of %s takes a cursor of %s: %q %v", name, mine.name, other.name, a.text, a.err)
					}
				}
			}
		}
	}
}

func errorText(err error, id uuid.UUID) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), id.String(), "ID")
}

// TestSeesItsOwn keeps the test above from passing because nobody sees anything.
func TestSeesItsOwn(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	e := r.record("acme", "north", "ana", 1)
	for _, g := range []access.Grant{
		access.Org(leo, "acme", access.AllRights), access.Project(leo, "acme", "north", access.AllRights),
		access.Own(ana, "acme", access.AllRights), access.Platform(leo, access.AllRights),
	} {
		for name, read := range reads {
			a := read(t.Context(), r.guard.Reader(g), ask{id: e.ID, filter: activitylog.ActionIs("project.update")})
			if a.err != nil || name != "Count" && name != "Aggregate" && !strings.Contains(a.text, e.ID.String()) || name == "Count" && a.text != "1" ||
				name == "Aggregate" && !strings.Contains(a.text, "Count:1") {
				t.Errorf("%s of %+v: %q %v", name, g, a.text, a.err)
			}
		}
	}
}

// TestOwnOfAType goes over every read with the grant of a service that has the id of a person.
func TestOwnOfAType(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	e := r.record("acme", "north", "ana", 1)
	robot := access.Own(activitylog.Actor{Type: activitylog.Service, ID: "ana"}, "acme", access.AllRights)
	for name, read := range reads {
		a := read(t.Context(), r.guard.Reader(robot), ask{id: e.ID, filter: activitylog.ActionIs("project.update")})
		if strings.Contains(a.text, e.ID.String()) || name == "Count" && a.text != "0" || strings.Contains(a.text, "Count:1") {
			t.Errorf("%s: %q %v", name, a.text, a.err)
		}
	}
}

// TestRefusals goes over every read with grants that lack something.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	e := r.record("acme", "north", "ana", 1)
	a := ask{id: e.ID}
	for name, read := range reads {
		for _, g := range []access.Grant{{}, access.Org(activitylog.Actor{}, "acme", access.AllRights), access.Org(leo, "", access.AllRights), access.Project(leo, "acme", "", access.AllRights)} {
			if got := read(t.Context(), r.guard.Reader(g), a); !errors.Is(got.err, activitylog.ErrInvalid) || strings.Contains(got.text, "acme") {
				t.Errorf("%s of %+v: %q %v", name, g, got.text, got.err)
			}
		}
		rights := access.AllRights &^ access.View
		if got := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", rights)), a); !errors.Is(got.err, access.ErrDenied) || strings.Contains(got.text, "acme") {
			t.Errorf("%s without the right to view: %q %v", name, got.text, got.err)
		}
	}
	_, err := r.guard.Reader(access.Org(leo, "acme", access.View|access.ViewSensitive)).Export(t.Context(), io.Discard, activitylog.Query{}, export.AsNDJSON())
	require.ErrorIs(t, err, access.ErrDenied)
	denied := 0
	for _, e := range r.records("acme") {
		if e.Outcome == activitylog.Denied && e.Actor.ID == "leo" {
			denied++
		}
	}
	if denied != 3 { // opening, viewing and exporting, each once
		t.Errorf("%d refusals are recorded", denied)
	}
}
