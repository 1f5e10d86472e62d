package alerts

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
)

// Mark is what Figures keep of a single event where the order of events tells more than their number: sign-ins, grants,
// deletions, exports, impersonation, guardrails and the log's own troubles.
type Mark struct {
	ID        uuid.UUID
	Time      time.Time
	Class     Class
	Actor     string
	ActorType activitylog.ActorType
	Action    string
	Outcome   activitylog.Outcome
	Source    string   // the address as netip.Prefix writes it: all of IPv4, /64 of IPv6; empty: unknown
	Agent     string   // the family of the user agent
	Users     []string // users that were acted on
	Objects   []string // what else was acted on, as type:id
	Roles     []string // the actor's, at the time
	Granted   string   // the privileged role that the event gives to Users
	As        string   // whom the actor impersonates
	Thing     string   // the guardrail that was removed, or restored
	Size      int64    // rows or objects that left, as far as the event tells
	Expected  bool     // a refused sign-in that is no attempt at a secret: expired, policy, second factor, locked
	Locked    bool     // of those, the one that says that there were too many attempts
	Backfill  bool
}

// Class is a set of what a Mark is.
type Class uint16

const (
	login Class = 1 << iota
	grant
	deletion
	export
	impersonation // start, and writing as another
	impersonationEnd
	guardrailOff
	guardrailOn
	gap
	logSetting
	unproved // what the log says of itself cannot be proved any more
)

func (f *Figures) addMark(m *Mark) {
	if f.marks == nil {
		f.marks = map[uuid.UUID]*Mark{}
	}
	f.marks[m.ID] = m
}

// markOf is what to keep of an event whose action has a sense, if it is anything.
func markOf(e *activitylog.Event, s *sense) (Mark, bool) {
	if s.nothing() && e.Verb != "delete" && len(e.OnBehalfOf) == 0 && len(e.Changes) == 0 {
		return Mark{}, false // most are
	}
	m := Mark{
		ID: e.ID, Time: e.Time, Class: classOf(e, s), Actor: e.Actor.ID, ActorType: e.Actor.Type, Action: e.Action, Outcome: e.Outcome,
		Roles: e.Actor.Roles, As: impersonated(e), Backfill: e.Backfill,
	}
	for _, t := range e.Targets {
		switch {
		case t.Type == "user" && t.ID != "":
			m.Users = append(m.Users, t.ID)
		case t.ID != "":
			m.Objects = append(m.Objects, t.Type+":"+t.ID)
		}
	}
	if m.Class&grant != 0 {
		if m.Granted = granted(e); m.Granted == "" {
			m.Class &^= grant
		}
	}
	if m.As != "" && slices.Contains([]string{"create", "update", "delete"}, e.Verb) {
		m.Class |= impersonation
	}
	if on, off := guardrail(e, s.guard, &m); off {
		m.Class |= guardrailOff
	} else if on {
		m.Class |= guardrailOn
	}
	if e.Action == "audit.verify" && e.Outcome != activitylog.Failure {
		m.Class &^= unproved
	}
	if m.Class == 0 {
		return m, false
	}
	if m.Class&unproved != 0 && len(e.Targets) > 0 {
		m.Thing = e.Targets[0].ID
	}
	if m.Class&login != 0 {
		m.Expected, m.Locked = expected(e)
	}
	if m.Class&export != 0 {
		m.Size = size(e)
	}
	m.Source, m.Agent = source(e.Client), agentFamily(e.Client.UserAgent)
	return m, true
}

var byAction = map[string]Class{
	"auth.impersonate.start": impersonation, "auth.impersonate.stop": impersonationEnd,
	"member.role.change": grant, "member.add": grant, "member.invite.accept": grant, "access.grant": grant, "agent.permission.change": grant,
	"audit.gap": gap, "audit.config.change": logSetting, "org.retention.change": logSetting, "audit.export": export,
	"audit.anchor.late": unproved, "audit.anchor.contradict": unproved, "audit.seal.late": unproved, "audit.verify": unproved,
}

var byLastWord = map[string]Class{
	"export": export, "download": export,
	"grant": grant, "promote": grant,
}

// loginWords are what a sign-in is called; "auth.login" is one, and so is its lockout, "auth.login.lockout".
var loginWords = []string{"login", "signin", "sign_in", "logon"}

func isLogin(action string) bool {
	for word := range strings.SplitSeq(action, ".") {
		if slices.Contains(loginWords, word) {
			return true
		}
	}
	return false
}

// sense is what an action says by itself.
type sense struct {
	class Class
	guard string // that it is about
}

func senseOf(action string) sense {
	s := sense{byAction[action] | byLastWord[lastWord(action)], guardIn(spelled(action))}
	if isLogin(action) {
		s.class |= login
	}
	return s
}

func (s *sense) nothing() bool { return s.class == 0 && s.guard == "" }

// sense is senseOf, found once for each action.
func (f *Figures) sense(action string) *sense {
	s := f.senses[action]
	if s == nil {
		if f.senses == nil {
			f.senses = map[string]*sense{}
		}
		found := senseOf(action)
		s = &found
		f.senses[action] = s
	}
	return s
}

func classOf(e *activitylog.Event, s *sense) Class {
	c := s.class
	if e.Verb == "delete" && e.Category != "auth" && e.Category != "audit" && len(e.Targets) > 0 {
		c |= deletion
	}
	return c
}

// expectedWords tell a refusal that says nothing about the secret: an expired account, a policy, the second step.
var expectedWords = []string{"expired", "disabled", "suspended", "policy", "mfa", "2fa", "factor", "otp", "captcha", "rate_limit", "ratelimit"}

func expected(e *activitylog.Event) (expected, locked bool) {
	why := strings.ToLower(e.Action + " " + e.ErrorCode + " " + e.Reason)
	if strings.Contains(why, "lock") && !strings.Contains(why, "block") {
		return true, true
	}
	return slices.ContainsFunc(expectedWords, func(w string) bool { return strings.Contains(why, w) }), false
}

func impersonated(e *activitylog.Event) string {
	for _, d := range e.OnBehalfOf {
		if d.Relation == activitylog.Impersonates {
			return d.ID
		}
	}
	return ""
}

// privileged are the roles that rule an organization, by the names that platforms give them.
var privileged = []string{"admin", "administrator", "owner", "superuser", "superadmin", "super_admin", "root", "org_admin", "organization_admin", "platform_admin", "global_admin"}

func isPrivileged(role string) bool {
	return slices.Contains(privileged, strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(role)), " ", "_"), "-", "_"))
}

// granted is the privileged role that an event gives, if it does.
func granted(e *activitylog.Event) string {
	if e.Outcome != activitylog.Success {
		return ""
	}
	for _, c := range e.Changes {
		p := strings.ToLower(c.Path)
		if !strings.Contains(p, "role") && !strings.Contains(p, "permission") {
			continue
		}
		old := texts(c.Old)
		for _, role := range texts(c.New) {
			if isPrivileged(role) && !slices.Contains(old, role) {
				return role
			}
		}
	}
	for _, t := range e.Targets {
		if t.Type == "role" {
			for _, role := range []string{t.ID, t.Name} {
				if isPrivileged(role) && len(e.Changes) == 0 {
					return role
				}
			}
		}
	}
	for _, key := range []string{"role", "roles"} {
		for _, role := range texts(e.Metadata[key]) {
			if isPrivileged(role) && len(e.Changes) == 0 {
				return role
			}
		}
	}
	return ""
}

// texts are the texts in a JSON value: one, or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var list []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// size is how much an export says it held.
func size(e *activitylog.Event) int64 {
	for _, key := range []string{"rows", "row_count", "records", "objects", "files", "count"} {
		switch v := e.Metadata[key].(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				return max(n, 1)
			}
		case int:
			return max(int64(v), 1)
		case int64:
			return max(v, 1)
		case float64:
			return max(int64(v), 1)
		}
	}
	return int64(max(len(e.Targets), 1))
}

// source is the network that one party is reached at: an address of IPv4, a /64 of IPv6.
func source(c activitylog.Client) string {
	if !c.IP.IsValid() {
		return ""
	}
	return prefixOf(c.IP, 32, 64).String()
}

// network is what an actor's addresses have in common over days: a /24 of IPv4, a /48 of IPv6.
func network(c activitylog.Client) string {
	if !c.IP.IsValid() {
		return ""
	}
	return prefixOf(c.IP, 24, 48).String()
}

// wider is the network of a source.
func wider(source string) string {
	p, err := netip.ParsePrefix(source)
	if err != nil {
		return ""
	}
	return prefixOf(p.Addr(), 24, 48).String()
}

func prefixOf(ip netip.Addr, four, six int) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := six
	if ip.Is4() {
		bits = four
	}
	p, _ := ip.Prefix(bits) // the bits fit
	return p
}

// agentFamily is the part of a user agent that an update of the program leaves alone.
func agentFamily(ua string) string {
	for _, f := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(ua, f.mark) {
			return f.name + platform(ua)
		}
	}
	name, _, _ := strings.Cut(ua, "/")
	name, _, _ = strings.Cut(name, " ")
	return name
}

func platform(ua string) string {
	for _, p := range []struct{ mark, name string }{
		{"iPhone", "iOS"}, {"iPad", "iOS"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(ua, p.mark) {
			return " on " + p.name
		}
	}
	return ""
}
