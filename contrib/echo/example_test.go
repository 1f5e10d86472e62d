package echo_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/activitylog/activitylog"
	echoactivity "github.com/activitylog/activitylog/contrib/echo"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
)

// signIn stands for the authentication of the application.
func signIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		user := c.Request().Header.Get("X-User")
		ctx := middleware.WithOrg(c.Request().Context(), "acme", "")
		ctx = middleware.WithActor(ctx, activitylog.Actor{ID: user})
		c.SetRequest(c.Request().WithContext(ctx))
		if user != "ana" {
			return echo.NewHTTPError(http.StatusForbidden, "not an admin")
		}
		return next(c)
	}
}

func newServer(activity *activitylog.Log) (http.Handler, error) {
	m, err := middleware.New(activity, &middleware.Options{
		EventIDHeader: "X-Activity-Id",
		Rules: []middleware.Rule{
			{Methods: []string{"DELETE"}, Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}, Project: "id"},
			{Path: "/{path...}", Action: "data.view"},
		},
	})
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(echoactivity.Route(), echomiddleware.Recover(), signIn)
	e.GET("/panic", func(echo.Context) error { panic("boom") })
	e.GET("/stream", func(c echo.Context) error {
		fmt.Fprint(c.Response(), "data: 1\n\n")
		c.Response().Flush()
		return nil
	})
	e.DELETE("/projects/:project", func(c echo.Context) error {
		_, err := activity.Record(c.Request().Context(), activitylog.Event{Action: "data.delete"}) // what the handler knows itself
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(err)
		}
		return c.NoContent(http.StatusNoContent)
	})
	return m.Wrap(e), nil
}

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newServer(activity)
	if err != nil {
		log.Fatal(err)
	}
	for _, call := range [][3]string{
		{"leo", "DELETE", "/projects/p7"}, {"ana", "DELETE", "/projects/p7"}, {"ana", "GET", "/stream"}, {"ana", "GET", "/panic"}, {"ana", "GET", "/nowhere"},
	} {
		r := httptest.NewRequest(call[1], call[2], nil)
		r.RemoteAddr = "192.0.2.7:4711"
		r.Header.Set("X-User", call[0])
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(call[1], call[2], w.Code, w.Flushed, w.Header().Get("X-Activity-Id") != "")
	}
	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Action, e.Actor.ID, e.Client.IP, e.Request.Route, e.ErrorCode, e.Outcome)
	}
	// Output:
	// DELETE /projects/p7 403 false true
	// DELETE /projects/p7 204 false true
	// GET /stream 200 true true
	// GET /panic 500 false true
	// GET /nowhere 404 false true
	// project.delete leo 192.0.2.7 /projects/:project 403 denied
	// project.delete ana 192.0.2.7 /projects/:project  success
	// data.delete ana 192.0.2.7 /projects/{id}  success
	// data.view ana 192.0.2.7 /stream  success
	// data.view ana 192.0.2.7 /panic 500 failure
	// data.view ana 192.0.2.7 /{path...} 404 failure
}
