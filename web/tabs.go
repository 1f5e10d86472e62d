package web

// tabs are the pages of a scope.
func (v *visit) tabs(current string) []tab {
	here := v.h.root(v.route.up) + v.route.scope.path()
	return []tab{{Text: v.h.t("Activity"), URL: here, Current: current == "log"}}
}
