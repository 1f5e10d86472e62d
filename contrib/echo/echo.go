// Package echo joins middleware to the framework echo: Middleware.Wrap goes around the Echo, which is an http.Handler, so
// that it sees the status that echo makes of the error of a handler; Route tells it the route that echo found.
//
//	e := echo.New()
//	e.Use(echoactivity.Route())
//	http.ListenAndServe(addr, m.Wrap(e))
//
// Handlers record with the context c.Request().Context().
package echo

import (
	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/labstack/echo/v4"
)

// Route gives the event of a request the route by which echo found its handler.
func Route() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if route := c.Path(); route != "" {
				middleware.Change(c.Request().Context(), func(e *activitylog.Event) { e.Request.Route = route })
			}
			return next(c)
		}
	}
}
