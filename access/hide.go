package access

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/activitylog/activitylog"
)

// Hidden stands where a value was hidden. Client.IPKind holds "hidden" where there was an address.
const Hidden = "[hidden]"

// Hide takes out of e what only the right ViewSensitive shows, and leaves a mark where something was: e-mails, the
// client's address, user agent, claimed proxies and place, session and credential ids, the values of changes and of
// metadata. Evidence goes without a mark: it may open any value. Names of actors and targets, reasons, messages and labels
// stay, but for e-mails that stand in them as they are.
func Hide(e *activitylog.Event) {
	c := e.Clone()
	h := hider{}
	h.actor(&c.Actor)
	for i := range c.OnBehalfOf {
		h.actor(&c.OnBehalfOf[i].Actor)
	}
	hideClient(&c.Client)
	mark(&c.Request.SessionID)
	mark(&c.Request.CredentialID)
	for i := range c.Changes {
		for _, v := range []*any{&c.Changes[i].Old, &c.Changes[i].New} {
			if *v != nil {
				*v = Hidden
			}
		}
	}
	for k := range c.Metadata {
		c.Metadata[k] = Hidden
	}
	c.Leaf, c.Opening = nil, nil
	c.Truncated = nil // hashes of hidden values could be guessed
	h.texts(&c)
	*e = c
}

// hider remembers the e-mails of an event, which its texts may repeat.
type hider struct{ mails []string }

func (h *hider) actor(a *activitylog.Actor) {
	if a.Email != "" {
		h.mails = append(h.mails, a.Email, Hidden)
	}
	mark(&a.Email)
}

func (h *hider) texts(e *activitylog.Event) {
	if len(h.mails) == 0 {
		return
	}
	r := strings.NewReplacer(h.mails...)
	texts := []*string{&e.Message, &e.Reason, &e.Actor.Name}
	for i := range e.OnBehalfOf {
		texts = append(texts, &e.OnBehalfOf[i].Name)
	}
	for i := range e.Targets {
		texts = append(texts, &e.Targets[i].Name)
	}
	for _, t := range texts {
		*t = r.Replace(*t)
	}
}

func hideClient(c *activitylog.Client) {
	if c.IP.IsValid() || c.IPHash != "" {
		c.IPKind = "hidden"
	}
	c.IP = netip.Addr{}
	c.ASN = 0
	for _, s := range []*string{&c.IPHash, &c.UserAgent, &c.Country, &c.Region} {
		mark(s)
	}
	if len(c.Forwarded) > 0 {
		c.Forwarded = []string{Hidden}
	}
}

func mark(s *string) {
	if *s != "" {
		*s = Hidden
	}
}

// hiddenFields are the fields of filters and figures that would tell what is hidden. An id of a request leads to none.
var hiddenFields = map[string]bool{"ip": true, "session": true, "meta": true}

// asks tells how a filter asks for what is hidden: by a field, which is refused, or by free text, which must then look
// at hidden events.
func asks(x activitylog.Expr) (field string, text bool) {
	var parts []activitylog.Expr
	switch x := x.(type) {
	case activitylog.AndExpr:
		parts = x
	case activitylog.OrExpr:
		parts = x
	case activitylog.NotExpr:
		parts = []activitylog.Expr{x.X}
	case activitylog.TextExpr:
		return "", true
	case activitylog.Cond:
		if hiddenFields[x.Field] {
			return x.Field, false
		}
	}
	for _, p := range parts {
		f, t := asks(p)
		if f != "" {
			return f, text
		}
		text = text || t
	}
	return "", text
}

// secretive is an error for a question about hidden fields.
func secretive(field string) error {
	return fmt.Errorf("access: %w: %s; a filter or figure over %s would tell what is hidden", ErrDenied, ViewSensitive, field)
}
