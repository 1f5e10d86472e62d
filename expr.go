package activitylog

import "net/netip"

// Expr is the read-only form of a Filter that a store compiles into its own language: AndExpr, OrExpr, NotExpr,
// Cond or TextExpr. A store may compile a wider condition than Expr says, for Filter.Match decides in the end.
type Expr interface{ match(m *matcher) bool }

// AndExpr holds when all of its parts hold; empty, it always holds.
type AndExpr []Expr

// OrExpr holds when one of its parts holds; empty, it never holds.
type OrExpr []Expr

// NotExpr holds when X does not.
type NotExpr struct{ X Expr }

// Cond compares one field of the event. The fields and their operators are
//
//	id org project category action outcome severity model provider    in: the value is one of Values
//	request session correlation actor_type retention                  in
//	action                                                            under: is one of Values or begins with it and a dot
//	actor                                                             in; Key is "", acted, impersonated or authority
//	target                                                            in; Key is the type, or "" for any; no Values: any
//	label, meta                                                       in; Key is the key; no Values: the key exists
//	ip                                                                in; Prefixes hold the networks
//	time, recorded, cost                                              ">=" and "<" Number, in UTC microseconds or cost micros
//	severity                                                          ">=": Values hold that severity and all above
type Cond struct {
	Field    string
	Key      string
	Op       string
	Values   []string
	Prefixes []netip.Prefix
	Number   int64
}

// TextExpr holds when SearchText of the event has the words, one after the other within a field.
type TextExpr struct {
	Words  []string // never empty
	Prefix bool     // the last word may go on
}

// The operators of Cond.
const (
	opIn    = "in"
	opUnder = "under"
	opGE    = ">="
	opLT    = "<"
)
