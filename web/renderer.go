package web

import (
	"net/url"
	"strings"

	"github.com/activitylog/activitylog"
)

// Renderer says how the events of an action are shown. It gets them as the reader may see them, keeps nothing of them
// and changes nothing in them, and may be called from several goroutines.
type Renderer func(e *activitylog.Event) Rendering

// Rendering is how an event is shown. All of it is text: none of it becomes markup.
type Rendering struct {
	Sentence string         // in place of the message; empty: the message
	Lines    []RenderedLine // come before all others in the panel
}

// RenderedLine is a line of the panel.
type RenderedLine struct {
	Name, Value string
	// URL leads on, to the host's own page of what the line is about: relative, http, https or mailto. Empty or another:
	// the line leads nowhere.
	URL string
}

func (h *Handler) rendering(e *activitylog.Event) Rendering {
	if r := h.opts.Renderers[e.Action]; r != nil {
		return r(e)
	}
	return Rendering{}
}

// safeURL is an address that a page may lead to, or nothing.
func safeURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, "\t\r\n\\") {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "", "http", "https", "mailto":
		return s
	}
	return ""
}
