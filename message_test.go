package activitylog_test

import (
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	type e = activitylog.Event
	leo := []activitylog.Target{{Type: "user", ID: "u2", Name: "Leo"}}
	eve := activitylog.Actor{Type: activitylog.Support, ID: "s1", Name: "Eve"}
	bot := activitylog.Actor{Type: activitylog.Agent, ID: "bot"}
	as := activitylog.Delegation{Actor: ana, Relation: activitylog.Impersonates}
	by := activitylog.Delegation{Actor: ana, Relation: activitylog.DelegatedBy}
	model := &activitylog.AIUsage{Model: "m2", PreviousModel: "m1"}
	tests := []struct {
		name  string
		event e
		want  string
	}{
		{"success", e{Action: "member.invite", Targets: leo}, "Ana invited Leo"},
		{"failure", e{Action: "member.invite", Targets: leo, Outcome: activitylog.Failure, Reason: "mail bounced"}, "Ana failed to invite Leo: mail bounced"},
		{"denied", e{Action: "member.invite", Targets: leo, Outcome: activitylog.Denied}, "Ana was not allowed to invite Leo"},
		{"unknown", e{Action: "member.invite", Targets: leo, Outcome: activitylog.Unknown}, "Ana may have tried to invite Leo"},
		{"an outcome of the host's own", e{Action: "member.invite", Targets: leo, Outcome: "partial"}, "Ana invited Leo"},
		{"success of an unknown action", e{Action: "shop.order"}, "Ana did shop.order"},
		{"with a target", e{Action: "shop.order", Targets: leo}, "Ana did shop.order on Leo"},
		{"failure of an unknown action", e{Action: "shop.order", Outcome: activitylog.Failure}, "Ana failed to do shop.order"},
		{"foreign outcome of an unknown action", e{Action: "shop.order", Outcome: "partial"}, "Ana did shop.order"},
		{"impersonation", e{Action: "project.delete", Actor: eve, OnBehalfOf: []activitylog.Delegation{as}, Targets: []activitylog.Target{{Type: "project", ID: "p1"}}},
			"Eve as Ana deleted the project project p1"},
		{"delegation", e{Action: "auth.logout", Actor: bot, OnBehalfOf: []activitylog.Delegation{by}}, "bot for Ana signed out"},
		{"a chain of both", e{Action: "auth.logout", Actor: bot, OnBehalfOf: []activitylog.Delegation{{Actor: eve, Relation: activitylog.DelegatedBy}, as}},
			"bot for Eve as Ana signed out"},
		{"nobody", e{Action: "auth.login", Actor: activitylog.Actor{Type: activitylog.Anonymous}, Outcome: activitylog.Failure}, "Somebody failed to sign in"},
		{"the system", e{Action: "system.startup", Actor: activitylog.Actor{Type: activitylog.System}}, "The system started"},
		{"e-mail for a name", e{Action: "auth.login", Actor: activitylog.Actor{ID: "u1", Email: "a@example.org"}}, "a@example.org signed in"},
		{"target without a name", e{Action: "member.remove", Targets: []activitylog.Target{{Type: "user", ID: "u2"}}}, "Ana removed user u2"},
		{"no target", e{Action: "member.remove"}, "Ana removed something"},
		{"all targets", e{Action: "access.grant", Targets: append(leo[:1:1], activitylog.Target{Type: "role", ID: "r1"})}, "Ana granted access to Leo, role r1"},
		{"no targets", e{Action: "access.grant"}, "Ana granted access to something"},
		{"models", e{Action: "ai.model.switch", AI: model}, "Ana switched from m1 to m2"},
		{"no models", e{Action: "ai.model.switch"}, "Ana switched from another model to a model"},
		{"placeholders in names stay", e{Action: "member.invite", Targets: []activitylog.Target{{Name: "{target} {reason}"}}}, "Ana invited {target} {reason}"},
		{"the host's own", e{Action: "member.invite", Message: "custom"}, "custom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.event.Org = "acme"
			if tt.event.Actor.Type == "" && tt.event.Actor.ID == "" {
				tt.event.Actor = ana
			}
			if got := cleaned(t, tt.event).Message; got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestMessageOfABegunOperation(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	_, err := l.Begin(t.Context(), event(func(e *activitylog.Event) { e.Targets = []activitylog.Target{{Name: "Apollo"}} }))
	require.NoError(t, err)
	if got := all(t, l)[0].Message; got != "Ana began to create the project Apollo" {
		t.Errorf("got %q", got)
	}
}

func TestMessageTemplates(t *testing.T) {
	t.Parallel()
	tests := []struct{ template, want string }{
		{"moved {project}: {reason}", "Ana moved p1: why"},
		{"saw {", "Ana saw {: why"},
		{"saw {target", "Ana saw {target: why"},
		{"saw {unknown} {}", "Ana saw {unknown} {}: why"},
		{"{model}", "Ana a model: why"},
	}
	for _, tt := range tests {
		c, err := activitylog.DefaultCatalog().With(activitylog.Action{Name: "x.y", Done: tt.template})
		require.NoError(t, err)
		l := newLog(t, &activitylog.Options{Catalog: c})
		e := stored(t, l, activitylog.Event{Org: "acme", Project: "p1", Action: "x.y", Actor: ana, Reason: "why"})
		if e.Message != tt.want {
			t.Errorf("%q gave %q, want %q", tt.template, e.Message, tt.want)
		}
	}
}

func TestLongMessageIsCut(t *testing.T) {
	t.Parallel()
	e := event(func(e *activitylog.Event) {
		for range 32 {
			e.Targets = append(e.Targets, activitylog.Target{Name: strings.Repeat("é", 100)})
		}
		e.Action = "access.grant"
	})
	got := cleaned(t, e).Message
	if len(got) > 1024 || len(got) < 1000 || !strings.HasSuffix(got, "…[cut]") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}
