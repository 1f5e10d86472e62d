package demo

import (
	"math"
	"time"

	"github.com/activitylog/activitylog"
)

// conversation is what a person talks to a model about.
type conversation struct {
	*object
	channel *object
	model   *model
	left    int // messages until the next conversation
}

// chat is one turn of a conversation, sometimes with what comes with it: a change of the model, a second try, a limit.
func (s *scene) chat(p *person, t time.Time) {
	r, c := s.r, &p.talk
	if c.left--; c.object == nil || c.left < 0 {
		c.left = 2 + r.IntN(3) // never long, so that what a day costs is steady
		c.channel = s.o.near(r, p, "channel")
		c.object = thing("conversation", r.token("cnv_", 10), "")
		c.project = c.channel.project
		c.model = p.model
		if p.talks++; p.talks%3 == 1 { // not by chance either
			c.model = p.second
		}
		if m := s.o.bends.tried(r, p, t); m != nil {
			c.model = m
		}
	}
	if r.chance(0.025) {
		s.switchModel(p, t.Add(-r.span(5, 50)))
	}
	switch x := r.Float64(); {
	case x < 0.015 && len(s.o.agents) > 0:
		s.o.busiest().run(s.w, s.o, r, t, p)
		return
	case x < 0.0165:
		s.do(t, "ai.limit.hit", thing("limit", "daily-spend", "daily spend per person"))
		return
	case x < 0.0185:
		s.do(t, "ai.content.block", c.object)
		return
	}
	s.message(p, t, 1)
}

// message sends one message of size times the usual length.
func (s *scene) message(p *person, t time.Time, size float64) *activitylog.Event {
	c := &p.talk
	e := s.event(t, "ai.message.send", c.object, thing("model", c.model.name, c.model.name), c.channel)
	e.AI = s.usage(c.model, p.context*size, t)
	e.AI.ConversationID = c.ID
	s.o.bends.outageHits(s.r, e)
	s.settle(e)
	if e.Outcome == activitylog.Failure {
		s.retry(e)
	} else if s.r.chance(0.035) {
		again := s.event(t.Add(e.Duration+s.r.span(8, 60)), "ai.message.regenerate", c.object, thing("model", c.model.name, c.model.name))
		again.AI = s.usage(c.model, p.context*size, t)
		again.AI.ConversationID, again.Request.CausationID = c.ID, e.ID.String()
		s.settle(again)
	}
	return e
}

// settle brings outcome and usage of a message together and puts it into the log.
func (s *scene) settle(e *activitylog.Event) {
	u := e.AI
	e.Duration = time.Duration(u.LatencyMS) * time.Millisecond
	if e.Outcome != activitylog.Success {
		// What failed cost nothing, and that is known.
		u.InputTokens, u.CachedTokens, u.OutputTokens, u.ReasoningTokens, u.FirstTokenMS = 0, 0, 0, 0, 0
		u.ResponseID, u.FinishReason = "", "error"
		if u.CostMicros != nil {
			*u.CostMicros = 0
		}
	}
	s.add(e)
}

// retry sends the same again a little later, as people do: once.
func (s *scene) retry(failed *activitylog.Event) {
	if failed.ErrorCode == "context_length_exceeded" || s.r.chance(0.3) {
		return
	}
	again := s.event(failed.Time.Add(failed.Duration+s.r.span(4, 40)), failed.Action)
	again.Targets, again.Project = failed.Targets, failed.Project
	m := modelNamed(failed.AI.Model)
	again.AI = s.usage(m, 1, failed.Time)
	again.AI.ConversationID, again.Request.CausationID = failed.AI.ConversationID, failed.ID.String()
	s.o.bends.outageHits(s.r, again)
	s.settle(again)
}

// switchModel goes on with the other model.
func (s *scene) switchModel(p *person, t time.Time) {
	c, before := &p.talk, p.talk.model
	c.model = p.second
	if before == p.second {
		c.model = p.model
	}
	e := s.event(t, "ai.model.switch", c.object, thing("model", c.model.name, c.model.name))
	e.AI = &activitylog.AIUsage{Provider: c.model.provider, Model: c.model.name, PreviousModel: before.name, ConversationID: c.ID}
	s.add(e)
}

// usage is what a message of size times the usual length takes.
func (s *scene) usage(m *model, size float64, t time.Time) *activitylog.AIUsage {
	r := s.r
	size *= s.o.bends.growth(t)
	in := int64(m.context * size * r.around(1, 0.15))
	out := int64(m.answer * math.Sqrt(size) * r.around(1, 0.25))
	u := &activitylog.AIUsage{
		Operation: m.operation, Provider: m.provider, Model: m.name, ModelRequested: m.name, InputTokens: in, OutputTokens: out,
		MessageID: r.token("msg_", 10), ResponseID: r.token("rsp_", 14), FinishReason: "stop",
	}
	if m.cached > 0 && m.operation == "chat" {
		u.CachedTokens = int64(float64(in) * r.between(0.4, 0.7))
	}
	if m.reasons {
		u.ReasoningTokens = out * int64(r.IntN(60)) / 100
	}
	u.Stream = m.operation == "chat"
	first := m.firstMS * r.around(1, 0.35)
	u.LatencyMS = int64(first + m.perToken*float64(out))
	if u.Stream {
		u.FirstTokenMS = int64(first)
	}
	if !m.unpriced {
		cost := ((in-u.CachedTokens)*m.in + u.CachedTokens*m.cached + out*m.out) / 1000
		u.CostMicros, u.Currency, u.PriceVersion = &cost, "USD", priceList
	}
	return u
}
