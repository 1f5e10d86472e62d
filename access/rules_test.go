package access_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/export"
	"github.com/stretchr/testify/require"
)

func TestRules(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	ctx := activitylog.WithActor(t.Context(), ana)
	none, err := r.guard.Rules(ctx, "acme")
	require.NoError(t, err)
	require.Empty(t, none)
	first := access.Rules{"owner": access.AllRights, "member": access.View}
	require.NoError(t, r.guard.SetRules(ctx, "acme", first, "as agreed"))
	second := access.Rules{"owner": access.AllRights, "auditor": access.View | access.Export | access.Review}
	require.NoError(t, r.guard.SetRules(ctx, "acme", second, ""))
	got, err := r.newGuard().Rules(ctx, "acme")
	require.NoError(t, err)
	if !maps.Equal(got, second) || got.Of("member") != 0 || got.Of("auditor", "owner") != access.AllRights {
		t.Errorf("the rules are %v", got)
	}
	records := r.records("acme")
	require.Len(t, records, 2)
	want := []activitylog.Change{{Path: "auditor", New: "view, export, review"}, {Path: "member", Old: "view"}}
	require.Equal(t, want, records[1].Changes)
	if records[0].Reason != "as agreed" || records[0].Actor.ID != "ana" || records[0].Targets[0].ID != "access" {
		t.Errorf("recorded %s", textOf(records))
	}

	forged := records[0]
	forged.ID, forged.Time = [16]byte{}, r.clock.Now().AddDate(0, 0, 1)
	_, err = r.log.Record(ctx, forged)
	require.ErrorIs(t, err, activitylog.ErrInvalid)
	forged.Backfill = true
	_, err = r.log.Record(ctx, forged)
	require.NoError(t, err)
	got, err = r.guard.Rules(ctx, "acme")
	require.NoError(t, err)
	if !maps.Equal(got, second) {
		t.Errorf("an imported event changed the rules to %v", got)
	}
	if other, err := r.guard.Rules(ctx, "globex"); err != nil || len(other) > 0 {
		t.Errorf("another organization has %v, %v", other, err)
	}
	require.ErrorIs(t, r.guard.SetRules(ctx, "acme", access.Rules{"": access.View}, ""), activitylog.ErrInvalid)
	require.ErrorIs(t, r.guard.SetRules(ctx, "acme", access.Rules{"x": 1 << 7}, ""), activitylog.ErrInvalid)
}

func TestAllow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		grant access.Grant
		org   string
		want  bool
	}{
		{"organization", access.Org(ana, "acme", access.ManageRetention), "acme", true},
		{"other organization", access.Org(ana, "acme", access.AllRights), "globex", false},
		{"platform's affairs by an organization", access.Org(ana, "acme", access.AllRights), "", false},
		{"without the right", access.Org(ana, "acme", access.AllRights&^access.ManageRetention), "acme", false},
		{"project", access.Project(ana, "acme", "north", access.AllRights), "acme", false},
		{"own", access.Own(ana, "acme", access.AllRights), "acme", false},
		{"platform", access.Platform(ana, access.ManageRetention), "acme", true},
		{"platform's affairs", access.Platform(ana, access.ManageRetention), "", true},
		{"nothing", access.Grant{}, "acme", false},
		{"nothing of the platform", access.Grant{}, "", false},
		{"no organization", access.Org(ana, "", access.AllRights), "", false},
	} {
		err := tt.grant.Allow(access.ManageRetention, tt.org)
		if (err == nil) != tt.want || err != nil && (!errors.Is(err, access.ErrDenied) || !errors.Is(err, fs.ErrPermission)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestExportedFormulas exports what spreadsheets would run.
func TestExportedFormulas(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	hostile := []string{"=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝cmd", "＋1", "－1", "＠x", ` "=1"`, ";=1"}
	for _, text := range hostile {
		_, err := r.log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "x.y", Actor: activitylog.Actor{ID: text}, Reason: text, Project: text})
		require.NoError(t, err)
	}
	var out bytes.Buffer
	_, err := r.guard.Reader(access.Org(leo, "acme", access.View|access.Export)).Export(t.Context(), &out, activitylog.Query{}, export.AsCSV(nil))
	require.NoError(t, err)
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(hostile)+1)
	for _, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+@\t\r\n") || strings.HasPrefix(cell, "＝") {
				t.Errorf("a cell runs: %q", cell)
			}
		}
	}
}
