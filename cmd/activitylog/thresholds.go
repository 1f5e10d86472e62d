package main

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// threshold is one field of a configuration.
type threshold struct {
	name  string // the JSON names on the way to it: volume.record
	value reflect.Value
}

// thresholdsOf are the fields of a configuration that can be set, in their order.
func thresholdsOf(c *alerts.Config) (list []threshold) {
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			switch field := v.Field(i); {
			case name == "-":
			case field.Kind() == reflect.Struct:
				walk(prefix+name+".", field)
			default:
				list = append(list, threshold{prefix + name, field})
			}
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return list
}

// setThreshold changes the field of a configuration that a text such as volume.record=2 names.
func setThreshold(c *alerts.Config, text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return usage("--set %s; write NAME=VALUE, such as volume.record=2", safe(text))
	}
	list := thresholdsOf(c)
	i := slices.IndexFunc(list, func(t threshold) bool { return t.name == name })
	if i < 0 {
		names := make([]string, len(list))
		for i, t := range list {
			names[i] = t.name
		}
		return usage("--set: there is no threshold %s; %s", safe(name), instead(name, names))
	}
	usual := alerts.Config{}.Defaults()
	if want := list[i].set(value); want != "" {
		return usage("--set %s: write %s; the default is %v", safe(text), want, thresholdsOf(&usual)[i].value)
	}
	return validLists(c)
}

// set reads the value of a threshold, and returns what to write if it cannot be read. Zero cannot be set: it stands for
// the default.
func (t threshold) set(text string) (want string) {
	switch v := t.value.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return "a time above 0, such as 45m or 12h"
		}
		*v = d
	case *float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x > 0) || math.IsInf(x, 0) {
			return "a number above 0, however small"
		}
		*v = x
	case *int, *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 || t.value.OverflowInt(n) {
			return "a whole number above 0"
		}
		t.value.SetInt(n)
	case *[]string:
		*v = strings.Split(text, ",")
	default:
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields() // a calendar with a wrong name would have no hours at all
		if err := d.Decode(v); err != nil {
			return fmt.Sprintf("JSON (%v)", err)
		}
	}
	return ""
}

// validLists finds what is wrong with what is more than a number.
func validLists(c *alerts.Config) error {
	for _, r := range c.Off {
		if !slices.Contains(alerts.Rules(), r) {
			return usage("--set off: there is no rule %s; %s", safe(r), instead(r, alerts.Rules()))
		}
	}
	if c.OffHours.Calendar == nil {
		return nil
	}
	if err := c.OffHours.Calendar.Validate(); err != nil {
		return usage("--set off_hours.calendar: %s", strings.TrimPrefix(err.Error(), "alerts: "))
	}
	return nil
}
