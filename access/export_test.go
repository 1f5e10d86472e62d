package access

import "github.com/activitylog/activitylog"

// LogOf is the whole log behind a reader, as somebody has it who follows for many.
func LogOf(r Reader) *activitylog.Log { return r.guard.log }
