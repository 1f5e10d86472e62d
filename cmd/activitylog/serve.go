package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/web"
)

func serveCommand() command {
	return command{
		name: "serve", args: "--db DB [--addr HOST:PORT]",
		about: `serves the pages of a log on this machine

Whoever can open the address reads the whole log, and what is read is recorded as done by the user of the operating system.
The address is therefore one of this machine, unless another is given.

Meanwhile the log is watched for alerts, which are kept in it, and sealed if it has keys. Where another process watches it
by settings or a zone of its own, leave that out with --alerts=false: the alerts are shown all the same.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var db, key, addr, zoneName string
			var watching bool
			fs.StringVar(&db, "db", "", dbUsage)
			keyFlag(fs, &key)
			fs.StringVar(&addr, "addr", "localhost:8080", "serve the pages on `HOST:PORT`; port 0 takes a free one")
			fs.BoolVar(&watching, "alerts", true, "watch the log for alerts")
			fs.StringVar(&zoneName, "zone", "UTC", "the `zone` in which days begin for alerts, such as Europe/Berlin or +05:45")
			return func(ctx context.Context, s streams, args []string) (err error) {
				if len(args) > 0 {
					return usage("serve takes flags only; the pages have a field to search in")
				}
				zone, err := parseZone(zoneName)
				if err != nil {
					return err
				}
				d, err := openDatabase(ctx, db, key, false)
				if err != nil {
					return err
				}
				defer d.closeInto(&err)
				who, err := osActor()
				if err != nil {
					return err
				}
				keeper, err := retention.New(d.Log, d.events, nil)
				if err != nil {
					return err
				}
				book, err := review.NewBook(d.Log, nil)
				if err != nil {
					return err
				}
				watch, err := newMonitor(d, zone, s)
				if err != nil {
					return err
				}
				pages, err := web.New(d.Log, func(*http.Request) ([]access.Grant, error) {
					return []access.Grant{access.Platform(who, access.AllRights)}, nil
				}, &web.Options{Monitor: watch, Keeper: keeper, Book: book, OnError: func(err error) { fmt.Fprintln(s.err, safe(err.Error())) }})
				if err != nil {
					return err
				}
				l, err := listen(addr)
				if err != nil {
					return err
				}
				if !watching {
					watch = nil
				}
				defer workOn(ctx, d, watch).end()
				return serveOn(ctx, s, l, pages, pages.Shutdown)
			}
		},
	}
}

func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; write another --addr", err)
	}
	return l, nil
}

// serveOn serves until ctx ends, and tells where. ending is called first when it does.
func serveOn(ctx context.Context, s streams, l net.Listener, pages http.Handler, ending func()) error {
	server := &http.Server{Handler: onlyHere(l.Addr(), pages), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	server.RegisterOnShutdown(ending)
	if _, err := fmt.Fprintf(s.out, "the pages are at http://%s/ (Ctrl-C ends this)\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	if stop() {
		return err
	}
	<-stopped
	return nil
}

// onlyHere refuses requests under another name where the address is one of this machine: a page elsewhere could make a
// browser ask it by a name of its own.
func onlyHere(addr net.Addr, pages http.Handler) http.Handler {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return pages
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(host)
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this page is for this machine alone", http.StatusForbidden)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
