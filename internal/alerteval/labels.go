package alerteval

import (
	"slices"
	"strings"
)

// harmless are the labels that mark nothing to be found.
var harmless = []string{"", "0", "false", "benign", "background", "no_alert", "normal"}

// marked tells whether a row's label says that there is something to be found. Only the counting of hits asks.
func (r *row) marked() bool { return !slices.Contains(harmless, strings.ToLower(r.text["label"])) }

// labelledRows tells whether rows carry labels at all.
func (s *set) labelledRows() bool { return s.has(func(r *row) bool { return r.text["label"] != "" }) }
