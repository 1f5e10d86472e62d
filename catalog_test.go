package activitylog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// taxonomy is table 5.6 of the design: category, default severity, retention class and actions.
const taxonomy = `
auth info security: auth.login auth.logout auth.impersonate.stop
auth medium security: auth.session.revoke auth.mfa.enroll auth.mfa.remove auth.password.change auth.password.reset auth.sso.update auth.impersonate.start
member medium security: member.invite member.invite.accept member.invite.revoke member.add member.remove member.role.change member.suspend member.restore
access medium security: access.denied access.grant access.revoke apikey.create apikey.rotate apikey.delete
org medium admin: org.create org.update org.delete org.settings.change org.plan.change org.budget.change org.retention.change
project low admin: project.create project.update project.archive project.restore project.move project.share
project medium admin: project.delete
channel low admin: channel.create channel.update channel.delete channel.member.add channel.member.remove
skill low admin: skill.create skill.update skill.delete skill.enable skill.disable
skill low usage: skill.run
agent low admin: agent.create agent.update agent.delete agent.enable agent.disable
agent low usage: agent.run.start agent.run.finish agent.tool.call
agent medium admin: agent.permission.change
ai info usage: ai.message.send ai.message.regenerate ai.model.switch ai.model.enable ai.model.disable
ai medium usage: ai.limit.hit ai.content.block
integration medium admin: integration.connect integration.disconnect integration.update integration.reauthorize integration.sync webhook.create webhook.delete
campaign low admin: campaign.create campaign.update campaign.schedule campaign.cancel campaign.delete
campaign medium admin: campaign.send
data info security: data.view data.import data.delete data.share
data medium security: data.export
automation low admin: automation.create automation.update automation.delete automation.run
audit low meta: audit.view audit.export audit.filter.save audit.filter.remove audit.alert.open audit.alert.update audit.alert.resolve audit.alert.reopen audit.alert.ack audit.alert.snooze audit.alert.plan audit.alert.close audit.hold.set audit.hold.lift audit.review audit.purge audit.prune audit.verify audit.config.change audit.anchor.resume
audit high meta: audit.erase audit.gap audit.anchor.late audit.seal.late
audit critical meta: audit.anchor.contradict
system info meta: system.startup system.canary system.migration system.job.run
`

func TestTaxonomy(t *testing.T) {
	t.Parallel()
	c := activitylog.DefaultCatalog()
	want := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(taxonomy)) {
		head, actions, _ := strings.Cut(line, ":")
		for _, name := range strings.Fields(actions) {
			want[name] = head
		}
	}
	verbs := []string{"create", "read", "update", "delete", "execute", "access", "other"}
	for _, a := range c.Actions() {
		if got := a.Category + " " + string(a.Severity) + " " + a.Retention; got != want[a.Name] {
			t.Errorf("%s is %q, want %q", a.Name, got, want[a.Name])
		}
		if !slices.Contains(verbs, a.Verb) || a.Done == "" || a.Do == "" || len(a.Targets) == 0 {
			t.Errorf("%s lacks something: %+v", a.Name, a)
		}
		delete(want, a.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if !slices.IsSortedFunc(c.Actions(), func(a, b activitylog.Action) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("Actions are not sorted")
	}
}

func TestCatalogWith(t *testing.T) {
	t.Parallel()
	base := activitylog.DefaultCatalog()
	targets := []string{"doc"}
	c, err := base.With(
		activitylog.Action{Name: "doc.sign", Targets: targets},
		activitylog.Action{Name: "auth.login", Severity: activitylog.High, Category: "identity"},
	)
	require.NoError(t, err)
	targets[0] = "spoiled"

	a, ok := c.Lookup("doc.sign")
	if !ok || a.Category != "doc" || a.Verb != "other" || a.Severity != activitylog.Info || a.Retention != "usage" || a.Targets[0] != "doc" {
		t.Errorf("got %+v, %v", a, ok)
	}
	if a, _ := c.Lookup("auth.login"); a.Severity != activitylog.High || a.Category != "identity" || a.Done != "" {
		t.Errorf("replaced action is %+v", a)
	}
	if a, _ := base.Lookup("auth.login"); a.Severity != activitylog.Info {
		t.Error("With changed the catalogue that it extends")
	}
	if _, ok := base.Lookup("doc.sign"); ok {
		t.Error("With added to the catalogue that it extends")
	}
	if len(c.Actions()) != len(base.Actions())+1 {
		t.Errorf("%d actions, want one more than %d", len(c.Actions()), len(base.Actions()))
	}
}

func TestCatalogIsImmutable(t *testing.T) {
	t.Parallel()
	c, err := new(activitylog.Catalog).With(activitylog.Action{Name: "doc.sign", Targets: []string{"doc"}})
	require.NoError(t, err)
	a, _ := c.Lookup("doc.sign")
	a.Targets[0] = "spoiled"
	c.Actions()[0].Targets[0] = "spoiled"
	if a, _ := c.Lookup("doc.sign"); a.Targets[0] != "doc" {
		t.Error("what Lookup or Actions returned shares its targets with the catalogue")
	}
	builtin := activitylog.DefaultCatalog()
	login, _ := builtin.Lookup("auth.login")
	before := slices.Clone(login.Targets)
	login.Targets[0] = "spoiled"
	if again, _ := activitylog.DefaultCatalog().Lookup("auth.login"); !slices.Equal(again.Targets, before) {
		t.Error("the built-in actions can be changed")
	}
}

func TestCatalogRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action activitylog.Action
		want   string
	}{
		{activitylog.Action{Name: ""}, "use object.verb"},
		{activitylog.Action{Name: "Doc.sign"}, "use object.verb"},
		{activitylog.Action{Name: "doc..sign"}, "use object.verb"},
		{activitylog.Action{Name: "doc.sign."}, "use object.verb"},
		{activitylog.Action{Name: "doc sign"}, "use object.verb"},
		{activitylog.Action{Name: "döc.sign"}, "use object.verb"},
		{activitylog.Action{Name: "doc.sign", Severity: "urgent"}, "use info, low, medium, high or critical"},
	} {
		_, err := activitylog.DefaultCatalog().With(tt.action)
		if !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want it to say %q", tt.action, err, tt.want)
		}
	}
	if _, err := activitylog.DefaultCatalog().With(activitylog.Action{Name: "a_1.b_2.c"}, activitylog.Action{Name: "plain"}); err != nil {
		t.Error(err)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	c, err := activitylog.DefaultCatalog().With(activitylog.Action{Name: "doc.sign"})
	require.NoError(t, err)
	strict := newLog(t, &activitylog.Options{Strict: true, Catalog: c})
	lax := newLog(t, nil)
	tests := []struct {
		action string
		known  bool
		say    string
	}{
		{"auth.login", true, ""},
		{"doc.sign", true, ""},
		{"auth.logni", false, "auth.logni; did you mean auth.login?"},
		{"auth.login_failed", false, "auth.login_failed; add it to Options.Catalog with Catalog.With"},
		{"doc.signs", false, "did you mean doc.sign?"},
		{"warehouse.refill", false, "warehouse.refill; add it"},
	}
	for _, tt := range tests {
		e := event(func(e *activitylog.Event) { e.Action = tt.action })
		_, err := strict.Record(t.Context(), e)
		if tt.known && err != nil {
			t.Errorf("%s: %v", tt.action, err)
		}
		if !tt.known && (!errors.Is(err, activitylog.ErrUnknownAction) || !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.say)) {
			t.Errorf("%s: got %v, want ErrUnknownAction that says %q", tt.action, err, tt.say)
		}
		if _, err := lax.Record(t.Context(), e); err != nil {
			t.Errorf("without strict mode: %v", err)
		}
	}
}

func TestSuggestionIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	c, err := activitylog.DefaultCatalog().With(activitylog.Action{Name: "doc.a"}, activitylog.Action{Name: "doc.b"}, activitylog.Action{Name: "doc.d"})
	require.NoError(t, err)
	l := newLog(t, &activitylog.Options{Strict: true, Catalog: c})
	for range 30 {
		_, err := l.Record(t.Context(), event(func(e *activitylog.Event) { e.Action = "doc.c" }))
		if err == nil || !strings.Contains(err.Error(), "did you mean doc.a?") {
			t.Fatal(err)
		}
	}
}

func TestCatalogCompletesEvents(t *testing.T) {
	t.Parallel()
	type e = activitylog.Event
	tests := []struct {
		name                                string
		event                               e
		category, verb, severity, retention string
	}{
		{"known", e{Action: "member.invite"}, "member", "create", "medium", "security"},
		{"category that is no segment", e{Action: "apikey.create"}, "access", "create", "medium", "security"},
		{"failure raises the severity", e{Action: "auth.login", Outcome: activitylog.Failure}, "auth", "access", "low", "security"},
		{"so does denial", e{Action: "member.invite", Outcome: activitylog.Denied}, "member", "create", "high", "security"},
		{"but not what nobody knows", e{Action: "member.invite", Outcome: activitylog.Unknown}, "member", "create", "medium", "security"},
		{"high goes to critical", e{Action: "audit.gap", Outcome: activitylog.Failure}, "audit", "other", "critical", "meta"},
		{"unknown", e{Action: "shop.order.place"}, "shop", "other", "info", "usage"},
		{"unknown without a dot", e{Action: "order", Outcome: activitylog.Failure}, "order", "other", "low", "usage"},
		{"the event wins", e{Action: "auth.login", Category: "x", Verb: "y", Severity: "z", Retention: "r", Outcome: activitylog.Failure}, "x", "y", "z", "r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.event.Org, tt.event.Actor = "acme", ana
			got := cleaned(t, tt.event)
			if got.Category != tt.category || got.Verb != tt.verb || string(got.Severity) != tt.severity || got.Retention != tt.retention {
				t.Errorf("got %s %s %s %s, want %s %s %s %s", got.Category, got.Verb, got.Severity, got.Retention,
					tt.category, tt.verb, tt.severity, tt.retention)
			}
		})
	}
}
