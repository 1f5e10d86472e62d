package demo

import "time"

// Files come and go. People are at work in the order of their list, not of the clock; so a file that somebody brings is
// there for others from the day after, and one that somebody deletes was out of sight since the day before.

// arrive takes a file that came at t.
func (o *org) arrive(x *object, t time.Time) {
	x.since = t
	o.arriving = append(o.arriving, x)
}

// leaving is a file that may be deleted, nil if there is none.
func (o *org) leaving() *object {
	if len(o.doomed) == 0 {
		return nil
	}
	x := o.doomed[0]
	o.doomed = o.doomed[1:]
	return x
}

// stock is how many files wait to be deleted.
const stock = 8

// turnOver begins a day: what arrived long enough ago goes on the shelf, and some of what came earlier leaves it.
func (o *org) turnOver(r dice, day time.Time) {
	later := o.arriving[:0]
	for _, x := range o.arriving {
		if x.since.Before(day.Add(-eastmost)) {
			o.shelf["file"] = append(o.shelf["file"], x)
		} else {
			later = append(later, x)
		}
	}
	o.arriving = later
	o.doomed = append(o.doomed, o.fading...)
	o.fading = nil
	files := o.shelf["file"]
	for range stock - len(o.doomed) {
		if i := r.IntN(len(files)); !files[i].keep {
			o.fading = append(o.fading, files[i])
			files[i] = files[len(files)-1]
			files = files[:len(files)-1]
		}
	}
	o.shelf["file"] = files
}
