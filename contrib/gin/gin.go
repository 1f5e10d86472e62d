// Package gin joins middleware to the framework gin: Middleware.Wrap goes around the engine, which is an http.Handler,
// so that it sees the status of every response, also those that gin itself gives; Route tells it the route that gin found.
//
//	engine := gin.New()
//	engine.Use(ginactivity.Route(), gin.Recovery())
//	http.ListenAndServe(addr, m.Wrap(engine))
//
// Handlers record with the context c.Request.Context(). Their *gin.Context serves too, if engine.ContextWithFallback is set.
package gin

import (
	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/gin-gonic/gin"
)

// Route gives the event of a request the route by which gin found its handler.
func Route() gin.HandlerFunc {
	return func(c *gin.Context) {
		if route := c.FullPath(); route != "" {
			middleware.Change(c.Request.Context(), func(e *activitylog.Event) { e.Request.Route = route })
		}
	}
}
