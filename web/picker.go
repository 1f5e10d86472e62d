package web

import "github.com/activitylog/activitylog/access"

// picker is the page of somebody who may read several logs.
func (v *visit) picker() {
	page := struct {
		base
		Logs []logLink
	}{base: v.base(v.h.opts.Title)}
	for _, g := range v.grants {
		s := scopeOf(g)
		l := logLink{URL: page.Root + s.path()}
		switch s.kind {
		case "platform":
			l.Name, l.About = v.h.t("Platform"), v.h.t("The audit log of all organizations")
		case "project":
			l.Name, l.About, l.URL = v.h.projectName(s.org, s.project), v.h.orgName(s.org), l.URL+"recent/"
		case "own":
			l.Name, l.About = v.h.t("My activity"), v.h.orgName(s.org)
		case "org":
			l.Name, l.About = v.h.orgName(s.org), v.h.t("Activity log")
		default:
			continue
		}
		if g.Rights()&access.View != 0 {
			page.Logs = append(page.Logs, l)
		}
	}
	page.Crumbs = []crumb{{Text: v.h.t("All logs")}}
	out := v.begin(200)
	out.part("picker", page)
	out.end()
}

type logLink struct{ Name, About, URL string }
