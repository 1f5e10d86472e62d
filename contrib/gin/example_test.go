package gin_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/activitylog/activitylog"
	ginactivity "github.com/activitylog/activitylog/contrib/gin"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/gin-gonic/gin"
)

// signIn stands for the authentication of the application.
func signIn(c *gin.Context) {
	user := c.GetHeader("X-User")
	ctx := middleware.WithOrg(c.Request.Context(), "acme", "")
	ctx = middleware.WithActor(ctx, activitylog.Actor{ID: user})
	c.Request = c.Request.WithContext(ctx)
	if user != "ana" {
		c.AbortWithStatus(http.StatusForbidden)
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
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(ginactivity.Route(), gin.RecoveryWithWriter(io.Discard), signIn)
	engine.GET("/panic", func(*gin.Context) { panic("boom") })
	engine.GET("/stream", func(c *gin.Context) {
		n := 0
		c.Stream(func(w io.Writer) bool {
			n++
			fmt.Fprintf(w, "data: %d\n\n", n)
			return n < 2
		})
	})
	engine.DELETE("/projects/:project", func(c *gin.Context) {
		_, err := activity.Record(c.Request.Context(), activitylog.Event{Action: "data.delete"}) // what the handler knows itself
		if err != nil {
			c.AbortWithStatus(http.StatusServiceUnavailable)
			return
		}
		c.Status(http.StatusNoContent)
	})
	return m.Wrap(engine), nil
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
	server := httptest.NewServer(handler) // gin streams only over what can tell that the client has gone
	defer server.Close()
	for _, call := range [][3]string{
		{"leo", "DELETE", "/projects/p7"}, {"ana", "DELETE", "/projects/p7"}, {"ana", "GET", "/stream"}, {"ana", "GET", "/panic"}, {"ana", "GET", "/nowhere"},
	} {
		r, err := http.NewRequest(call[1], server.URL+call[2], nil)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("X-User", call[0])
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Printf("%s %s %d %v %q\n", call[1], call[2], resp.StatusCode, resp.Header.Get("X-Activity-Id") != "", body)
	}
	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Action, e.Actor.ID, e.Client.IP, e.Request.Route, e.ErrorCode, e.Outcome)
	}
	// Output:
	// DELETE /projects/p7 403 true ""
	// DELETE /projects/p7 204 true ""
	// GET /stream 200 true "data: 1\n\ndata: 2\n\n"
	// GET /panic 500 true ""
	// GET /nowhere 404 true "404 page not found"
	// project.delete leo 127.0.0.1 /projects/:project 403 denied
	// project.delete ana 127.0.0.1 /projects/:project  success
	// data.delete ana 127.0.0.1 /projects/{id}  success
	// data.view ana 127.0.0.1 /stream  success
	// data.view ana 127.0.0.1 /panic 500 failure
	// data.view ana 127.0.0.1 /{path...} 404 failure
}
