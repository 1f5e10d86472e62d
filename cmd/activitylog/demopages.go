package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/web"
)

// demoRole is one of those between whom the demo switches.
type demoRole struct {
	ID, Name, About string
	grants          []access.Grant
}

func demoRoles() []demoRole {
	org := demo.Orgs()[0].ID
	person := func(id, name, role string) activitylog.Actor {
		return activitylog.Actor{Type: activitylog.User, ID: "demo:" + id, Name: name, Roles: []string{role}}
	}
	return []demoRole{
		{"owner", "Owner", "reads and decides everything in one organization", []access.Grant{access.Org(person("owner", "Demo Owner", "owner"), org, access.AllRights)}},
		{"member", "Project member", "sees what happens in one project, without addresses and values",
			[]access.Grant{access.Project(person("member", "Demo Member", "member"), org, "field-notes", access.View)}},
		{"auditor", "Auditor", "reads, exports and reviews, and decides nothing else",
			[]access.Grant{access.Org(person("auditor", "Demo Auditor", "auditor"), org, access.View|access.ViewSensitive|access.Export|access.Review)}},
		{"platform", "Platform admin", "reads the logs of all organizations", []access.Grant{access.Platform(person("platform", "Demo Platform Admin", "platform"), access.AllRights)}},
	}
}

const roleCookie = "activitylog_demo_role"

// roleOf is the role that a browser has chosen.
func roleOf(r *http.Request) demoRole {
	roles := demoRoles()
	if c, err := r.Cookie(roleCookie); err == nil {
		if i := slices.IndexFunc(roles, func(d demoRole) bool { return d.ID == c.Value }); i >= 0 {
			return roles[i]
		}
	}
	return roles[0]
}

var rolesPage = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Activity log demo</title><h1>Activity log demo</h1><p>Look at it as:</p><ul>{{range .}}<li><p><a href="as/{{.ID}}"><b>{{.Name}}</b></a>, who {{.About}}</p></li>{{end}}</ul></html>`))

// front is the pages over a database, which may be replaced while they are served.
type front struct {
	mu sync.RWMutex
	demoPages
}

// demoPages are the pages of one database.
type demoPages struct {
	http.Handler
	watch *monitor.Monitor
	end   func() // ends the streams of live events
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.Handler.ServeHTTP(w, r)
}

// shutdown ends the streams, which would keep requests open.
func (f *front) shutdown() {
	f.mu.RLock()
	end := f.end
	f.mu.RUnlock()
	end()
}

// change replaces the database once nobody reads the old one.
func (f *front) change(next func() (demoPages, error)) error {
	f.shutdown()
	f.mu.Lock()
	defer f.mu.Unlock()
	pages, err := next()
	if err == nil {
		f.demoPages = pages
	}
	return err
}

// serve opens the demo in the pages. One that has to be made is shown from the first events on, the newest first.
func (d *demoLog) serve(ctx context.Context, s streams, fresh bool) (err error) {
	l, err := listen(d.addr)
	if err != nil {
		return err
	}
	defer l.Close()
	path := d.path
	if !fresh {
		dir, err := os.MkdirTemp(filepath.Dir(d.path), ".activitylog-demo-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, "demo.db")
	}
	db, err := openDatabase(ctx, path, d.path+".key", !fresh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	pages, err := d.pages(s, db)
	if err != nil {
		return err
	}
	shown := &front{demoPages: pages}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() {
		if !fresh {
			whole, failed := d.finish(ctx, s, db, path, shown)
			if whole != nil {
				db = whole
			}
			if failed != nil {
				d.tell(ctx, s, failed)
				stop()
				return
			}
		}
		db.startSealing()
		if failed := d.judge(ctx, db); failed != nil {
			d.tell(ctx, s, failed)
			return
		}
		_ = shown.watch.Run(ctx) // ends with ctx
	})
	return serveOn(ctx, s, l, shown, shown.shutdown)
}

// finish fills the database of a demo that is already shown, moves it to its place, and shows it from there.
func (d *demoLog) finish(ctx context.Context, s streams, db *database, path string, shown *front) (whole *database, err error) {
	if err := d.fillInto(ctx, s, db, newestFirst); err != nil {
		return nil, err
	}
	if db.sealer != nil { // before the pages have to wait for it
		if _, err := db.sealer.Seal(ctx); err != nil {
			return nil, err
		}
	}
	err = shown.change(func() (demoPages, error) {
		if err := errors.Join(db.close(), d.put(path)); err != nil {
			return demoPages{}, err
		}
		var err error
		if whole, err = openDatabase(ctx, d.path, "", false); err != nil {
			return demoPages{}, err
		}
		return d.pages(s, whole)
	})
	return whole, err
}

func (d *demoLog) tell(ctx context.Context, s streams, err error) {
	if ctx.Err() == nil {
		fmt.Fprintln(s.err, safe(err.Error()))
	}
}

// pages are the choice of a role and the pages of the log as that role sees them.
func (d *demoLog) pages(s streams, db *database) (demoPages, error) {
	watch, err := monitor.New(db.Log, demoMonitor(nil))
	if err != nil {
		return demoPages{}, err
	}
	keeper, err := retention.New(db.Log, db.events, nil)
	if err != nil {
		return demoPages{}, err
	}
	book, err := review.NewBook(db.Log, nil)
	if err != nil {
		return demoPages{}, err
	}
	pages, err := web.New(db.Log, func(r *http.Request) ([]access.Grant, error) { return roleOf(r).grants, nil }, &web.Options{
		Monitor: watch, Keeper: keeper, Book: book, Home: "/", HomeName: "Switch role", OrgName: demoOrgName, ProjectName: demoProjectName,
		OnError: func(err error) { fmt.Fprintln(s.err, safe(err.Error())) },
	})
	if err != nil {
		return demoPages{}, err
	}
	mux := http.NewServeMux()
	mux.Handle("/log/", http.StripPrefix("/log", pages))
	mux.HandleFunc("GET /as/{role}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: roleCookie, Value: r.PathValue("role"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/log/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = rolesPage.Execute(w, demoRoles()) // whoever went away needs no answer
	})
	return demoPages{mux, watch, pages.Shutdown}, nil
}

func demoMonitor(now func() time.Time) *monitor.Options {
	return &monitor.Options{Now: now, Zone: func(org string) *time.Location {
		for _, o := range demo.Orgs() {
			if o.ID == org {
				return o.Zone
			}
		}
		return time.UTC
	}}
}

// judge looks for alerts in the past of the demo, day by day, as a monitor that had always run would have.
func (d *demoLog) judge(ctx context.Context, db *database) error {
	mark, ok, err := markOf(ctx, db)
	if err != nil || !ok {
		return err
	}
	n, err := db.AllOrgs().Count(ctx, activitylog.ActionUnder("audit.alert"), 1)
	if err != nil || n > 0 {
		return err
	}
	at := mark.Time.AddDate(0, 0, -60)
	past, err := monitor.New(db.Log, demoMonitor(func() time.Time { return at }))
	if err != nil {
		return err
	}
	for ; at.Before(mark.Time); at = at.Add(24 * time.Hour) {
		if err := past.Poll(ctx); err != nil {
			return fmt.Errorf("look for alerts: %w", err)
		}
	}
	at = mark.Time
	return past.Poll(ctx)
}

// newestFirst yields the events of the demo, the newest first, so that its pages show something at once.
func newestFirst(o demo.Options) iter.Seq[activitylog.Event] {
	return func(yield func(activitylog.Event) bool) {
		for _, e := range slices.Backward(slices.Collect(demo.Events(o))) {
			if !yield(e) {
				return
			}
		}
	}
}

func demoOrgName(id string) string {
	for _, o := range demo.Orgs() {
		if o.ID == id {
			return o.Name
		}
	}
	if id == activitylog.SystemOrg {
		return "The platform itself"
	}
	return ""
}

func demoProjectName(_, project string) string {
	words := strings.Split(project, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
