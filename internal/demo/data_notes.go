package demo

import "strconv"

// notes are what the events of an action tell beside their fields, so that the panel of an event has something to show.
var notes = map[string]func(r dice) map[string]any{
	"auth.login": func(r dice) map[string]any {
		method := one(r, []string{"passkey", "passkey", "sso", "sso", "sso", "password"})
		return map[string]any{"auth_method": method, "mfa": method != "sso"}
	},
	"auth.session.revoke": func(dice) map[string]any { return map[string]any{"sessions": 1} },
	"auth.mfa.enroll": func(r dice) map[string]any {
		return map[string]any{"factor": one(r, []string{"totp", "security key"})}
	},
	"auth.mfa.remove": func(dice) map[string]any { return map[string]any{"factor": "totp", "replaced": true} },
	"member.invite":   func(dice) map[string]any { return map[string]any{"expires_days": 7} },
	"project.share": func(r dice) map[string]any {
		return map[string]any{"with": one(r, []string{"organization", "Partners"}), "permission": "comment"}
	},
	"skill.run": func(r dice) map[string]any {
		return map[string]any{"run": r.token("run_", 8), "steps": 1 + r.IntN(5), "trigger": one(r, []string{"chat", "chat", "menu"})}
	},
	"ai.limit.hit": func(r dice) map[string]any { return map[string]any{"limit_usd_micros": 5_000_000, "window": "day"} },
	"ai.content.block": func(r dice) map[string]any {
		return map[string]any{"policy": one(r, []string{"personal-data", "credentials"}), "stage": "prompt"}
	},
	"integration.sync": func(r dice) map[string]any {
		return map[string]any{"records": map[string]any{"added": r.IntN(40), "changed": r.IntN(120), "removed": r.IntN(6)}}
	},
	"campaign.schedule": func(r dice) map[string]any { return map[string]any{"send_at": "next working day, 10:00"} },
	"data.view": func(r dice) map[string]any {
		return map[string]any{"bytes": 4000 + r.IntN(900_000)}
	},
	"data.export": func(r dice) map[string]any {
		rows := 50 + r.IntN(4000)
		return map[string]any{"format": one(r, []string{"csv", "csv", "xlsx"}), "rows": rows, "bytes": rows * 180}
	},
	"data.import": func(r dice) map[string]any {
		return map[string]any{"bytes": 9000 + r.IntN(3_000_000), "scan": map[string]any{"engine": "4.2", "clean": true}}
	},
	"automation.run": func(r dice) map[string]any { return map[string]any{"steps": 2 + r.IntN(4), "attempt": 1} },
	"agent.tool.call": func(r dice) map[string]any {
		return map[string]any{"arguments_sha256": r.hex(16), "bytes": r.IntN(20_000)}
	},
	"agent.run.start":  func(dice) map[string]any { return map[string]any{"budget_usd_micros": 2_000_000} },
	"audit.view":       func(r dice) map[string]any { return map[string]any{"shown": 50, "filter": one(r, savedFilters)} },
	"audit.export":     func(r dice) map[string]any { return map[string]any{"format": "csv", "rows": 900 + r.IntN(9000)} },
	"system.migration": func(r dice) map[string]any { return map[string]any{"from": 40 + r.IntN(3), "to": 43} },
	"system.startup": func(r dice) map[string]any {
		return map[string]any{"version": "8." + strconv.Itoa(r.IntN(9)) + ".0", "replicas": 3}
	},
	"system.job.run": func(r dice) map[string]any { return map[string]any{"items": r.IntN(400), "queue": "nightly"} },
}

var savedFilters = []string{"", "outcome:failure,denied", "category:auth", "action:ai.message.*", "category:member"}
