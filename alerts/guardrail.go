package alerts

import (
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// guards are what keeps an organization within bounds, as names of settings and actions spell it.
var guards = []string{
	"guardrail", "ip_restriction", "ip_allowlist", "ip_allow_list", "allowed_ip", "sso", "saml", "mfa", "two_factor", "2fa", "dlp", "content_filter", "moderation",
	"spend_limit", "spending_limit", "budget", "rate_limit", "quota", "retention", "audit_log", "audit_export", "logging", "log_stream", "log_sink", "sealing",
}

// guardrail says whether an event takes a guardrail away or puts one up, and names it in m.Thing.
func guardrail(e *activitylog.Event, guard string, m *Mark) (on, off bool) {
	if e.Outcome == activitylog.Failure || e.Outcome == activitylog.Denied {
		return false, false
	}
	action := spelled(e.Action)
	if guard != "" {
		m.Thing = guard
		switch {
		case e.Verb == "delete" || hasWord(action, "delete", "deleted", "remove", "removed", "disable", "disabled", "deactivate", "deactivated", "stop", "stopped"):
			return false, true
		case e.Verb == "create" || hasWord(action, "create", "created", "add", "added", "enable", "enabled", "enroll"):
			return true, false
		}
	}
	for _, c := range e.Changes {
		thing := guardIn(spelled(c.Path))
		if thing == "" && action == "org.budget.change" {
			thing = "budget"
		}
		if thing == "" || c.Secret {
			continue
		}
		switch {
		case isOn(c.Old) && !isOn(c.New):
			m.Thing = thing
			off = true
		case !isOn(c.Old) && isOn(c.New):
			m.Thing = thing
			on = true
		}
	}
	return on && !off, off
}

// spelled is a name as guards are written.
func spelled(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

func guardIn(text string) string {
	for _, g := range guards {
		if i := strings.Index(text, g); i >= 0 && edge(text, i-1) && edge(text, i+len(g)) {
			return g
		}
	}
	return ""
}

// edge tells whether a word may begin or end at that place; a plural is the same word.
func edge(text string, i int) bool {
	return i < 0 || i >= len(text) || text[i] == '.' || text[i] == '_' || text[i] == '/' || text[i] == ' ' || text[i] == 's'
}

func hasWord(text string, words ...string) bool {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '_' || r == '/' || r == ' ' })
	return slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(words, p) })
}

// isOn tells whether the value of a setting holds something back.
func isOn(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return !slices.Contains([]string{"", "off", "none", "disabled", "false", "unlimited"}, strings.ToLower(v))
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
