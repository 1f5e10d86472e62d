package demo

import "github.com/activitylog/activitylog"

// mishap is a way in which an action goes wrong, and how often.
type mishap struct {
	share        float64
	outcome      activitylog.Outcome
	code, reason string
}

var mishaps = map[string][]mishap{
	"ai.message.send": {
		{0.006, activitylog.Failure, "rate_limited", "the provider asked to slow down"},
		{0.005, activitylog.Failure, "timeout", "no answer within 60 seconds"},
		{0.002, activitylog.Failure, "context_length_exceeded", "the conversation is longer than the model can read"},
	},
	"ai.message.regenerate": {{0.01, activitylog.Failure, "timeout", "no answer within 60 seconds"}},
	"skill.run": {
		{0.012, activitylog.Failure, "tool_error", "a tool of the skill returned an error"},
		{0.004, activitylog.Denied, "forbidden", "the skill may not read this project"},
	},
	"agent.run.finish": {{0.03, activitylog.Failure, "max_steps", "stopped after the largest number of steps"}},
	"agent.tool.call": {
		{0.015, activitylog.Failure, "tool_timeout", "the tool did not answer in time"},
		{0.008, activitylog.Denied, "permission_denied", "the agent may not use this tool here"},
	},
	"integration.sync": {
		{0.015, activitylog.Failure, "upstream_5xx", "the other side answered 503"},
		{0.004, activitylog.Failure, "token_expired", "the authorization has expired"},
	},
	"automation.run":  {{0.014, activitylog.Failure, "step_failed", "a step failed twice"}},
	"data.import":     {{0.03, activitylog.Failure, "bad_format", "row 17 has too few columns"}},
	"data.export":     {{0.02, activitylog.Denied, "forbidden", "the role member may not export this"}},
	"data.share":      {{0.012, activitylog.Denied, "policy", "links to the outside are switched off"}},
	"data.view":       {{0.004, activitylog.Denied, "forbidden", "no access to this project"}},
	"project.update":  {{0.006, activitylog.Denied, "forbidden", "only its owners may change the project"}},
	"system.job.run":  {{0.005, activitylog.Failure, "job_timeout", "stopped after 10 minutes"}},
	"campaign.update": {{0.006, activitylog.Failure, "409", "somebody else changed it meanwhile"}},
}

// typo is what goes wrong when people sign in.
var typos = []mishap{
	{0.7, activitylog.Failure, "bad_password", "wrong password"},
	{0.2, activitylog.Failure, "mfa_failed", "wrong code of the second factor"},
	{0.1, activitylog.Failure, "sso_error", "the identity provider did not answer"},
}
