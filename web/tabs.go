package web

// tabs are the pages of a scope.
func (v *visit) tabs(current string) []tab {
	here := v.h.root(v.route.up) + v.route.scope.path()
	list := []tab{{Text: v.h.t("Activity"), URL: here, Current: current == "log"}}
	if v.route.scope.kind == "project" {
		list = []tab{{Text: v.h.t("Recent activity"), URL: here + "recent/", Current: current == "recent"}, {Text: v.h.t("All events"), URL: here, Current: current == "log"}}
	}
	if v.watches() {
		list = append(list, tab{Text: v.h.t("Alerts"), URL: here + "alerts/", Current: current == "alerts"})
	}
	list = append(list, tab{Text: v.h.t("Usage"), URL: here + "usage/", Current: current == "usage"})
	if v.governs() {
		list = append(list, tab{Text: v.h.t("Governance"), URL: here + "governance/", Current: current == "governance"})
	}
	return list
}
