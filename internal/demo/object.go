package demo

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// object is a thing that people work on. It knows what its fields are, so that every change says truly what was before.
type object struct {
	activitylog.Target
	project string
	fields  map[string]any
	keep    bool      // it was there from the beginning and stays
	since   time.Time // when it came
}

// put makes an object and puts it on its shelf.
func (o *org) put(r dice, kindName, name string, in *object) *object {
	x := o.build(r, kindName, name, in)
	o.shelf[kindName] = append(o.shelf[kindName], x)
	return x
}

// build makes an object of the organization; nil if there was one of that name.
func (o *org) build(r dice, kindName, name string, in *object) *object {
	k := kinds[kindName]
	x := &object{Target: activitylog.Target{Type: kindName, ID: nameToken(k.prefix, o.id+"/"+kindName+"/"+name), Name: name}, fields: map[string]any{}}
	switch {
	case kindName == "project":
		x.ID = slug(name)
		x.project, x.URL = x.ID, "/projects/"+x.ID
	case in != nil:
		x.project, x.ParentType, x.ParentID = in.ID, in.Type, in.ID
		x.ID = nameToken(k.prefix, o.id+"/"+in.ID+"/"+name)
	}
	if o.taken[x.ID] {
		return nil
	}
	o.taken[x.ID] = true
	if kindName == "file" {
		x.URL = "/projects/" + x.project + "/files/" + x.ID
	}
	for _, f := range k.fields {
		x.fields[f.path] = one(r, f.values)
	}
	return x
}

// create makes an object under a name that was never taken. It stands on no shelf.
func (o *org) create(r dice, kindName string) *object {
	k := kinds[kindName]
	var in *object
	if k.inside {
		in = o.any(r, "project")
	}
	for tries := 1; ; tries++ {
		name := one(r, k.names[0]) + one(r, k.names[1])
		if tries > 8 {
			name += " " + r.token("", 3)
		}
		if x := o.build(r, kindName, name, in); x != nil {
			return x
		}
	}
}

// any is one of the objects of a kind, nil if there is none.
func (o *org) any(r dice, kindName string) *object {
	if list := o.shelf[kindName]; len(list) > 0 {
		return one(r, list)
	}
	return nil
}

// near is an object of a kind in the project where p is at home, or any.
func (o *org) near(r dice, p *person, kindName string) *object {
	for range 3 {
		if x := o.any(r, kindName); x == nil || x.project == p.home || x.ID == p.home {
			return x
		}
	}
	return o.any(r, kindName)
}

// change gives one or two fields of x new values and says so.
func (x *object) change(r dice) []activitylog.Change {
	var list []activitylog.Change
	fields := kinds[x.Type].fields
	for _, i := range r.Perm(len(fields))[:min(len(fields), 1+r.IntN(2))] {
		f := fields[i]
		j := slices.Index(f.values, x.fields[f.path])
		if len(f.values) > 1 {
			list = append(list, x.set(f.path, f.values[(j+1+r.IntN(len(f.values)-1))%len(f.values)]))
		}
	}
	return list
}

// set gives one field a new value.
func (x *object) set(path string, v any) activitylog.Change {
	c := activitylog.Change{Path: path, Old: x.fields[path], New: v}
	x.fields[path] = v
	return c
}

// all are the fields of a new object, as changes from nothing.
func (x *object) all() []activitylog.Change {
	var list []activitylog.Change
	for _, path := range slices.Sorted(maps.Keys(x.fields)) {
		list = append(list, activitylog.Change{Path: path, New: x.fields[path]})
	}
	return list
}

// concealed stands for a secret; the Log would put it there if we gave it a value, so that we need not make one up.
const concealed = "[secret]"

// secret is the change of a field whose value nobody may see.
func secret(path string, had bool) activitylog.Change {
	c := activitylog.Change{Path: path, New: concealed, Secret: true}
	if had {
		c.Old = concealed
	}
	return c
}

func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }
