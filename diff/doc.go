// Package diff tells what changed between two values of a struct, by tags:
//
//	type Project struct {
//		Name    string   `activity:"track"`
//		Members []string `activity:"track"`
//		APIKey  string   `activity:"secret"` // that it changed, never its value
//		Updated time.Time `activity:"-"`
//	}
//
//	changes, err := diff.Of(before, after)
//
// Only fields with a tag are looked at, so that a new field never leaks. Check makes a test of the host fail for each
// field without one, so that none is forgotten either.
//
// A field is named as in its JSON form, or else in snake case; `activity:"track,name=plan"` names it otherwise. Structs
// within are compared field by field ("address.city"), maps key by key ("labels.env"), slices as members: Old holds those
// that were removed and New those that were added. Types with a text or JSON form of their own, such as time.Time, are
// compared as a whole, by their method Equal if they have one.
package diff
