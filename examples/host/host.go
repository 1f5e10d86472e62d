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
	"github.com/activitylog/activitylog/access"
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
	guard  *access.Guard
	caller *aiusage.Caller
	model  Model
}

// person is who is signed in.
type person struct{ org, id, name, role string }

func (p person) actor() activitylog.Actor {
	return activitylog.Actor{ID: p.id, Name: p.name, Roles: []string{p.role}}
}

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
	guard, err := access.New(log, nil)
	if err != nil {
		return nil, nil, err
	}
	h := &Host{db: db, log: log, guard: guard, caller: &aiusage.Caller{Log: log, Prices: prices}, model: model}
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
	mux.HandleFunc("POST /logout", h.act("auth.logout", "", "", change("UPDATE people SET token = NULL WHERE org = ?1 AND id = ?4")))
	mux.HandleFunc("POST /members/{id}", h.act("member.invite", "admin", "user", invite))
	mux.HandleFunc("PUT /members/{id}/role/{role}", h.act("member.role.change", "admin", "user", changeRole))
	mux.HandleFunc("DELETE /members/{id}", h.act("member.remove", "admin", "user", change("DELETE FROM people WHERE org = ?1 AND id = ?2")))
	remove := change("DELETE FROM things WHERE org = ?1 AND id = ?2 AND kind = ?3")
	for _, kind := range []string{"project", "channel", "skill", "agent", "automation"} {
		path := "/" + kind + "s/{id}"
		mux.HandleFunc("POST "+path, h.act(kind+".create", "", kind, save))
		mux.HandleFunc("PUT "+path, h.act(kind+".update", "", kind, save))
		mux.HandleFunc("DELETE "+path, h.act(kind+".delete", "admin", kind, remove))
	}
	mux.HandleFunc("PUT /projects/{id}/members/{person}", h.act("access.grant", "admin", "project", change("INSERT INTO project_members SELECT org, id, ?5 FROM things WHERE org = ?1 AND id = ?2 AND kind = ?3")))
	mux.HandleFunc("DELETE /projects/{id}/members/{person}", h.act("access.revoke", "admin", "project", change("DELETE FROM project_members WHERE org = ?1 AND project = ?2 AND person = ?5")))
	mux.HandleFunc("PUT /integrations/{id}", h.act("integration.connect", "admin", "integration", save))
	mux.HandleFunc("DELETE /integrations/{id}", h.act("integration.disconnect", "admin", "integration", remove))
	mux.HandleFunc("POST /campaigns/{id}/send", h.act("campaign.send", "admin", "campaign", save))
	mux.HandleFunc("POST /projects/{id}/messages", h.message)
	mux.HandleFunc("GET /log", h.view)
	mux.HandleFunc("GET /projects/{id}/log", h.view)
	return mux
}

// identify tells by the token of a request who sent it.
func (h *Host) identify(r *http.Request) middleware.Identity {
	who, err := h.signedIn(r)
	if err != nil {
		return middleware.Identity{}
	}
	return middleware.Identity{Org: who.org, Actor: who.actor()}
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

// change returns an act that is one statement: of the organization ?1, the id ?2 and kind ?3 of the thing, the id ?4 of who
// acts and the person ?5. One that changes nothing has failed.
func change(statement string) func(context.Context, *sql.Tx, *action) error {
	return func(ctx context.Context, tx *sql.Tx, a *action) error {
		person := a.PathValue("person")
		if person != "" {
			a.event.Targets = append(a.event.Targets, activitylog.Target{Type: "user", ID: person})
		}
		var one int
		return tx.QueryRowContext(ctx, statement+" RETURNING 1", a.who.org, a.PathValue("id"), a.kind, a.who.id, person).Scan(&one)
	}
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

// view shows the log of the organization to its admins, and what belongs to a project to its members. That it does is
// recorded first; so is that somebody may not.
func (h *Host) view(w http.ResponseWriter, r *http.Request) {
	who, err := h.signedIn(r)
	if err != nil {
		answer(w, err)
		return
	}
	middleware.Skip(r.Context())
	var rights access.Right
	project := r.PathValue("id")
	if project == "" && who.role == "admin" || project != "" && h.member(r.Context(), who, project) == nil {
		rights = access.View
	}
	grant := access.Org(who.actor(), who.org, rights)
	if project != "" {
		grant = access.Project(who.actor(), who.org, project, rights)
	}
	page, err := h.guard.Reader(grant).Page(r.Context(), activitylog.Query{})
	for _, e := range page.Events {
		fmt.Fprintf(w, "%q\n", e.Message)
	}
	answer(w, err)
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
