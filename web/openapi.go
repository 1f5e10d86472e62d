package web

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// object is a JSON object of the description.
type object = map[string]any

// apiScopes are where the calls are found.
var apiScopes = []struct{ path, about string }{
	{"orgs/{org}/", "one organization"}, {"orgs/{org}/projects/{project}/", "one project"}, {"mine/{org}/", "one's own activity"}, {"platform/", "all organizations"},
}

// openAPI describes the API, from the table of calls and the types that they return.
func (h *Handler) openAPI() object {
	paths := object{}
	for _, s := range apiScopes {
		for _, c := range apiCalls() {
			path := "/" + s.path + "api/v1/" + c.path
			paths[path] = c.describe(path, s.about)
		}
	}
	several := streamsCall()
	path := "/api/v1/" + several.path
	paths[path] = several.describe(path, "all that the caller may read")
	return object{"openapi": "3.1.0", "info": object{"title": h.opts.Title, "version": "1"}, "paths": paths}
}

// describe describes the methods of a call at a path.
func (c apiCall) describe(path, scope string) object {
	steps, params := []object{}, []object{}
	for step := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(step, "{"); ok {
			steps = append(steps, object{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	if c.filters {
		params = append(params, filterParams()...)
	}
	for _, p := range c.more {
		kind := object{"type": "string"}
		if p.often {
			kind = object{"type": "array", "items": kind}
		}
		params = append(params, queryParam(p.name, p.about, kind))
	}
	content := object{}
	for _, kind := range c.kinds {
		content[kind] = object{"schema": object{"type": "string"}}
	}
	if c.answer != nil {
		content = jsonContent(c.returns)
	}
	methods := object{}
	if len(content) > 0 {
		methods["get"] = operation(c.about, scope, append(slices.Clone(steps), params...), content)
	}
	for _, x := range c.changes {
		o := operation(x.about, scope, steps, jsonContent(x.returns))
		if x.takes != nil {
			o["requestBody"] = object{"required": true, "content": jsonContent(x.takes)}
		}
		methods[strings.ToLower(x.method)] = o
	}
	return methods
}

func operation(about, scope string, params []object, content object) object {
	return object{
		"summary": about, "description": "Of " + scope + ".", "parameters": params,
		"responses": object{
			"200":     object{"description": "The answer.", "content": content},
			"default": object{"description": "What went wrong.", "content": object{"application/problem+json": object{"schema": schema(reflect.TypeFor[apiProblem]())}}},
		},
	}
}

func jsonContent(example any) object {
	return object{"application/json": object{"schema": schema(reflect.TypeOf(example))}}
}

func queryParam(name, about string, schema object) object {
	return object{"name": name, "in": "query", "description": about, "schema": schema}
}

// filterParams are the parameters of the pages.
func filterParams() []object {
	query := queryParam
	text := object{"type": "string"}
	list := []object{
		query("q", "The query language, at most 512 bytes and 24 conditions.", text),
		query("range", "The last days; the default is 30d.", object{"type": "string", "enum": ranges}),
		query("from", "In place of range: RFC 3339.", text), query("to", "Before which; RFC 3339.", text),
		query("quick", "Quick filters, all of which must hold.", object{"type": "array", "items": object{"type": "string", "enum": quickNames}}),
		query("cursor", "From next or prev of a page.", text), query("limit", "Events on a page.", object{"type": "integer", "enum": limits}),
		query("alert", "The events of this alert.", text), query("reads", "1: also who viewed the log.", text),
	}
	for _, f := range choiceFields {
		list = append(list, query(f, "One of these values; with a dash in front: none of them.", object{"type": "array", "items": text}))
	}
	return list
}

// schema describes a type by what encoding/json makes of it.
func schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[activitylog.Event]():
		return object{"type": "object", "description": "An event, as docs/events.md describes it.", "required": []string{"id", "time", "org", "action"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schema(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": schema(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		properties, required := object{}, []string{}
		for i := range t.NumField() {
			name, opts, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			properties[name] = schema(t.Field(i).Type)
			if opts != "omitempty" {
				required = append(required, name)
			}
		}
		return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	return object{"type": "string"}
}
