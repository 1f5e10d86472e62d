package alerts

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
)

// restored is how soon a guardrail must stand again for its removal to have been an edit.
const restored = 10 * time.Minute

// judgeGuardrails finds limits and safeguards that are taken away and not put back at once.
func judgeGuardrails(v *view) []Finding {
	var list []Finding
	for i, m := range v.marks {
		if m.Class&guardrailOff == 0 || v.isRestored(i) {
			continue
		}
		f := v.single(m, GuardrailRemoved, m.Thing, activitylog.Medium, "guardrails removed")
		if m.Thing == "audit_log" || m.Thing == "audit_export" || m.Thing == "logging" || m.Thing == "log_stream" || m.Thing == "log_sink" || m.Thing == "retention" || m.Thing == "sealing" {
			f.Severity = activitylog.High // what keeps the log
		}
		f.Score = 25 * rank(f.Severity)
		f.affect(m.Actor)
		f.Explanation = fmt.Sprintf("%s removed or switched off %s at %s UTC (%s), and it did not stand again within %s. None is expected.",
			nobody(m.Actor), m.Thing, clockOf(m.Time), m.Action, span(restored))
		if v.at.Sub(m.Time) < restored {
			f.Explanation = fmt.Sprintf("%s removed or switched off %s at %s UTC (%s). None is expected.", nobody(m.Actor), m.Thing, clockOf(m.Time), m.Action)
		}
		list = append(list, f)
	}
	return list
}

// isRestored tells whether the same thing was put up again soon: many programs edit by deleting and creating.
func (v *view) isRestored(i int) bool {
	m := v.marks[i]
	for _, o := range v.marks[i+1:] {
		if o.Time.Sub(m.Time) > restored {
			return false
		}
		if o.Class&guardrailOn != 0 && o.Thing == m.Thing {
			return true
		}
	}
	return false
}

// judgeGaps finds what the log says of itself: events that were lost, and settings that decide what is kept.
func judgeGaps(v *view) []Finding {
	var list []Finding
	for _, m := range v.marks {
		switch {
		case m.Class&gap != 0:
			f := v.single(m, LogGap, "gap", activitylog.Critical, "gaps")
			f.Subject, f.Score = Subject{"org", v.c.Org}, 100
			f.Explanation = fmt.Sprintf("The log has a gap, reported at %s UTC: events were lost before they could be recorded. None is expected.", clockOf(m.Time))
			list = append(list, f)
		case m.Class&unproved != 0:
			list = append(list, v.unproved(m))
		case m.Class&logSetting != 0 && m.Class&guardrailOff == 0:
			f := v.single(m, LogGap, "setting", activitylog.Info, "settings changed")
			f.affect(m.Actor)
			f.Explanation = fmt.Sprintf("%s changed what the log keeps or shows, by %s at %s UTC. Any such change is told.", nobody(m.Actor), m.Action, clockOf(m.Time))
			list = append(list, f)
		}
	}
	return append(list, v.silences()...)
}

// unproved is what cannot be proved of the log any more, by an event that tells so.
func (v *view) unproved(m *Mark) Finding {
	x := map[string]struct {
		kind          string
		severity      activitylog.Severity
		what, meaning string
	}{
		"audit.seal.late":         {"seal", activitylog.High, "Nothing is sealed any more", "what is recorded could be changed unseen."},
		"audit.anchor.late":       {"anchor", activitylog.High, "The anchor " + m.Thing + " is late", "it would not show that the database was set back."},
		"audit.anchor.contradict": {"contradiction", activitylog.Critical, "The anchor " + m.Thing + " knows another history of the log", "the database was set back, or the log rewritten."},
		"audit.verify":            {"verification", activitylog.Critical, "A verification did not find the log as it should be", "the event tells what."},
	}[m.Action]
	f := v.single(m, LogGap, x.kind, x.severity, "reports")
	f.Subject, f.Score = Subject{"org", v.c.Org}, 25*rank(x.severity)
	if m.Thing != "" && m.Action != "audit.verify" {
		f.Subject = Subject{"anchor", m.Thing}
	}
	f.Explanation = fmt.Sprintf("%s, as was told at %s UTC: %s None is expected.", x.what, clockOf(m.Time), x.meaning)
	return f
}
