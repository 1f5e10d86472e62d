package alerts

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
)

// refusedModels finds days on which somebody tries a model that nobody here ever used, and is refused.
func (v *view) refusedModels(models []newModel) []Finding {
	used := map[Model]bool{}
	for _, m := range models {
		used[m.name] = true
	}
	type attempt struct {
		model Model
		day   int32
	}
	tries := map[attempt]*modelUse{}
	for _, c := range v.cells {
		if c.key.model == 0 || v.f.names.text(c.key.outcome) != string(activitylog.Denied) {
			continue
		}
		s := spelling{v.f.names.text(c.key.provider), v.f.names.text(c.key.model)}
		k := attempt{CanonicalModel(s.provider, s.model), v.day(c.key.quarter)}
		if used[k.model] {
			continue
		}
		u := tries[k]
		if u == nil {
			u = &modelUse{users: map[string]float64{}}
			tries[k] = u
		}
		u.sum.add(&c.sum)
		u.users[v.f.names.text(c.key.actor)] += float64(c.sum.Count)
		if !slices.Contains(u.spellings, s) {
			u.spellings = append(u.spellings, s)
		}
	}
	var list []Finding
	for k, u := range tries {
		w := dayWindow(k.day, v.c.Zone)
		if u.sum.Count < int64(v.c.Models.Denied) || !v.began(w) {
			continue
		}
		f := v.modelFinding("refused", activitylog.Medium, Subject{"model", k.model.String()}, w, u)
		f.Filter = u.refused(w)
		f.Bound, f.Unit = float64(v.c.Models.Denied-1), "refused attempts"
		f.Explanation = fmt.Sprintf("%s tried %s %s on %s and was refused; nobody in the organization ever used it.",
			some(slices.Sorted(maps.Keys(u.users))), k.model, plural(int(u.sum.Count), "time", "times"), dayName(k.day))
		list = append(list, f)
	}
	slices.SortFunc(list, compareFindings)
	return list
}

func (u *modelUse) refused(w Window) activitylog.Filter {
	var any []activitylog.Filter
	for _, s := range u.spellings {
		any = append(any, activitylog.All(activitylog.ProviderIs(s.provider), activitylog.ModelIs(s.model)))
	}
	return activitylog.All(activitylog.Any(any...), activitylog.OutcomeIs(activitylog.Denied), activitylog.Since(w.From), activitylog.Before(w.To), notAudit)
}

func idsOf(list []At) []uuid.UUID {
	var ids []uuid.UUID
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return ids
}
