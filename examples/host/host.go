package host

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/aiusage"
	"github.com/activitylog/activitylog/attempt"
	"github.com/activitylog/activitylog/diff"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/redact"
)

const schema = `
CREATE TABLE people (org TEXT, id TEXT, name TEXT, role TEXT, password TEXT, token TEXT UNIQUE, PRIMARY KEY (org, id));
CREATE TABLE things (org TEXT, kind TEXT, id TEXT, name TEXT, token TEXT, PRIMARY KEY (org, kind, id));
CREATE TABLE project_members (org TEXT, project TEXT, person TEXT, PRIMARY KEY (org, project, person));`

// Model answers a prompt, and says what it used.
type Model func(ctx context.Context, prompt string, u *activitylog.AIUsage) (answer string, err error)

// Host is the application.
type Host struct {
	db     *sql.DB
	log    *activitylog.Log
	caller *aiusage.Caller
	model  Model
}

// person is who is signed in.
type person struct{ org, id, name, role string }

// thing is a project, channel, skill, agent, integration or campaign.
type thing struct {
	Name  string `json:"name" activity:"track"`
	Token string `json:"token" activity:"secret"`
}

// New returns the application over its database, which holds the log too.
func New(ctx context.Context, db *sql.DB, store activitylog.Store, model Model) (http.Handler, *activitylog.Log, error) {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, nil, err
	}
	policy, err := redact.New(&redact.Options{IP: redact.Prefix})
	if err != nil {
		return nil, nil, err
	}
	// What nobody is signed in for belongs to no organization of the host.
	log, err := activitylog.New(store, &activitylog.Options{Redact: policy.Redact, Strict: true, DefaultOrg: activitylog.SystemOrg})
	if err != nil {
		return nil, nil, err
	}
	prices, err := aiusage.NewPrices(aiusage.Table{Version: "2026-03", Currency: "USD", Prices: map[string]aiusage.Price{"small*": {Input: 100_000, Output: 400_000}}})
	if err != nil {
		return nil, nil, err
	}
	h := &Host{db: db, log: log, caller: &aiusage.Caller{Log: log, Prices: prices}, model: model}
	m, err := middleware.New(log, &middleware.Options{
		Identify: h.identify, Origin: "ui",
		Proxies: middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		Rules:   []middleware.Rule{{Path: "/{path...}", Action: "access.denied", Outcomes: []activitylog.Outcome{activitylog.Denied}}},
	})
	if err != nil {
		return nil, nil, err
	}
	return m.Wrap(h.routes()), log, nil
}

func (h *Host) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", h.login)
	mux.HandleFunc("POST /logout", h.act("auth.logout", "", "", func(ctx context.Context, tx *sql.Tx, a *action) error {
		_, err := tx.ExecContext(ctx, "UPDATE people SET token = NULL WHERE org = ? AND id = ?", a.who.org, a.who.id)
		return err
	}))
	mux.HandleFunc("POST /members/{id}", h.act("member.invite", "admin", "user", invite))
	mux.HandleFunc("PUT /members/{id}/role/{role}", h.act("member.role.change", "admin", "user", changeRole))
	mux.HandleFunc("DELETE /members/{id}", h.act("member.remove", "admin", "user", removeMember))
	for _, kind := range []string{"project", "channel", "skill", "agent"} {
		path := "/" + kind + "s/{id}"
		mux.HandleFunc("POST "+path, h.act(kind+".create", "", kind, save))
		mux.HandleFunc("PUT "+path, h.act(kind+".update", "", kind, save))
		mux.HandleFunc("DELETE "+path, h.act(kind+".delete", "admin", kind, remove))
	}
	mux.HandleFunc("PUT /integrations/{id}", h.act("integration.connect", "admin", "integration", save))
	mux.HandleFunc("DELETE /integrations/{id}", h.act("integration.disconnect", "admin", "integration", remove))
	mux.HandleFunc("POST /campaigns/{id}/send", h.act("campaign.send", "admin", "campaign", save))
	mux.HandleFunc("POST /projects/{id}/messages", h.message)
	mux.HandleFunc("GET /log", h.view(func(*http.Request, person) (activitylog.Filter, error) { return activitylog.Filter{}, nil }))
	mux.HandleFunc("GET /projects/{id}/log", h.view(func(r *http.Request, who person) (activitylog.Filter, error) {
		return activitylog.ProjectIs(r.PathValue("id")), h.member(r.Context(), who, r.PathValue("id"))
	}))
	return mux
}

// identify tells by the token of a request who sent it.
func (h *Host) identify(r *http.Request) middleware.Identity {
	who, err := h.signedIn(r)
	if err != nil {
		return middleware.Identity{}
	}
	return middleware.Identity{Org: who.org, Actor: activitylog.Actor{ID: who.id, Name: who.name, Roles: []string{who.role}}}
}

var errSignIn = errors.New("sign in first")

func (h *Host) signedIn(r *http.Request) (who person, err error) {
	row := h.db.QueryRowContext(r.Context(), "SELECT org, id, name, role FROM people WHERE token = ?", r.Header.Get("X-Token"))
	if err = row.Scan(&who.org, &who.id, &who.name, &who.role); err != nil {
		return who, errSignIn
	}
	return who, nil
}

func (h *Host) login(w http.ResponseWriter, r *http.Request) {
	org, id := r.PostFormValue("org"), r.PostFormValue("user")
	if org == "" || id == "" {
		answer(w, errSignIn)
		return
	}
	middleware.Skip(r.Context()) // recorded here
	e := activitylog.Event{Org: org, Action: "auth.login", Actor: activitylog.Actor{ID: id}}
	err := attempt.InTx(r.Context(), h.db, h.log, e, func(ctx context.Context, tx *sql.Tx, e *activitylog.Event) error {
		token := "t-" + org + "-" + id // a real one is random
		row := tx.QueryRowContext(ctx, "UPDATE people SET token = ? WHERE org = ? AND id = ? AND password = ? RETURNING name", token, org, id, r.PostFormValue("password"))
		if row.Scan(&e.Actor.Name) != nil {
			e.ErrorCode = "bad_secret"
			return fmt.Errorf("wrong name or password: %w", fs.ErrPermission)
		}
		w.Header().Set("X-Token", token)
		return nil
	})
	answer(w, err)
}

// action is one act of somebody who is signed in.
type action struct {
	*http.Request
	who   person
	kind  string // of the thing with the id in the path
	event *activitylog.Event
}

// act returns a handler that does something in a transaction and records it there, or records outside why it was not done.
func (h *Host) act(name, role, kind string, do func(context.Context, *sql.Tx, *action) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := h.signedIn(r)
		if err != nil {
			answer(w, err)
			return
		}
		middleware.Skip(r.Context())
		e := activitylog.Event{Action: name}
		if kind != "" {
			e.Targets = []activitylog.Target{{Type: kind, ID: r.PathValue("id")}}
		}
		if kind == "project" {
			e.Project = r.PathValue("id")
		}
		answer(w, attempt.InTx(r.Context(), h.db, h.log, e, func(ctx context.Context, tx *sql.Tx, e *activitylog.Event) error {
			if role != "" && who.role != role {
				return fmt.Errorf("only for the role %s: %w", role, fs.ErrPermission)
			}
			return do(ctx, tx, &action{r, who, kind, e})
		}))
	}
}

func invite(ctx context.Context, tx *sql.Tx, a *action) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO people VALUES (?, ?, ?, 'member', ?, NULL)", a.who.org, a.PathValue("id"), a.FormValue("name"), a.FormValue("password"))
	a.event.Targets[0].Name = a.FormValue("name")
	return err
}

func changeRole(ctx context.Context, tx *sql.Tx, a *action) error {
	var before string
	if err := tx.QueryRowContext(ctx, "SELECT role FROM people WHERE org = ? AND id = ?", a.who.org, a.PathValue("id")).Scan(&before); err != nil {
		return err
	}
	a.event.Changes = []activitylog.Change{{Path: "role", Old: before, New: a.PathValue("role")}}
	_, err := tx.ExecContext(ctx, "UPDATE people SET role = ? WHERE org = ? AND id = ?", a.PathValue("role"), a.who.org, a.PathValue("id"))
	return err
}

func removeMember(ctx context.Context, tx *sql.Tx, a *action) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM people WHERE org = ? AND id = ?", a.who.org, a.PathValue("id"))
	return err
}

// save creates or changes a thing, and records what changed.
func save(ctx context.Context, tx *sql.Tx, a *action) error {
	var before, after thing
	row := tx.QueryRowContext(ctx, "SELECT name, token FROM things WHERE org = ? AND kind = ? AND id = ?", a.who.org, a.kind, a.PathValue("id"))
	if err := row.Scan(&before.Name, &before.Token); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := json.NewDecoder(a.Body).Decode(&after); err != nil {
		return err
	}
	var err error
	if a.event.Changes, err = diff.Of(before, after); err != nil {
		return err
	}
	a.event.Targets[0].Name = after.Name
	if _, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?, ?)", a.who.org, a.kind, a.PathValue("id"), after.Name, after.Token); err != nil || a.kind != "project" {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO project_members VALUES (?, ?, ?)", a.who.org, a.PathValue("id"), a.who.id)
	return err
}

func remove(ctx context.Context, tx *sql.Tx, a *action) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM things WHERE org = ? AND kind = ? AND id = ?", a.who.org, a.kind, a.PathValue("id"))
	return err
}

// message asks the model, and records what that cost, also if it failed.
func (h *Host) message(w http.ResponseWriter, r *http.Request) {
	who, err := h.signedIn(r)
	if err == nil {
		err = h.member(r.Context(), who, r.PathValue("id"))
	}
	if err == nil {
		err = h.caller.Do(r.Context(), activitylog.Event{Project: r.PathValue("id")}, func(ctx context.Context, c *aiusage.Call) error {
			answer, err := h.model(ctx, r.FormValue("prompt"), c.Usage)
			if err == nil {
				fmt.Fprint(w, answer)
			}
			return err
		})
	}
	answer(w, err)
}

// member tells whether somebody may see a project. Of one that is not there, or is another organization's, it says no more.
func (h *Host) member(ctx context.Context, who person, project string) error {
	var one int
	return h.db.QueryRowContext(ctx, "SELECT 1 FROM project_members WHERE org = ? AND project = ? AND person = ?", who.org, project, who.id).Scan(&one)
}

// view shows what a filter selects of the reader's organization, after it has recorded that it will.
func (h *Host) view(what func(*http.Request, person) (activitylog.Filter, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := h.signedIn(r)
		if err != nil {
			answer(w, err)
			return
		}
		middleware.Skip(r.Context())
		project := r.PathValue("id")
		e := activitylog.Event{Action: "audit.view", Project: project}
		var f activitylog.Filter
		err = attempt.Do(r.Context(), h.log, e, func(context.Context, *activitylog.Event) error {
			if project == "" && who.role != "admin" {
				return fmt.Errorf("only for the role admin: %w", fs.ErrPermission)
			}
			var err error
			f, err = what(r, who)
			return err
		})
		if err != nil {
			answer(w, err)
			return
		}
		page, err := h.log.Org(who.org).Page(r.Context(), activitylog.Query{Filter: f})
		if err != nil {
			answer(w, err)
			return
		}
		for _, e := range page.Events {
			fmt.Fprintf(w, "%q\n", e.Message)
		}
	}
}

// answer ends a request by how it went.
func answer(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
	case errors.Is(err, errSignIn):
		http.Error(w, err.Error(), http.StatusUnauthorized)
	case errors.Is(err, fs.ErrPermission):
		http.Error(w, "not allowed", http.StatusForbidden)
	case errors.Is(err, sql.ErrNoRows):
		http.Error(w, "not found", http.StatusNotFound)
	default:
		http.Error(w, "that went wrong", http.StatusInternalServerError)
	}
}
