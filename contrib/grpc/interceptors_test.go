package grpc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	grpcactivity "github.com/activitylog/activitylog/contrib/grpc"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// service answers as the name that it is asked for says.
type service struct {
	health.UnimplementedHealthServer
	log *activitylog.Log
}

func (s service) Check(ctx context.Context, r *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	switch r.Service {
	case "denied":
		return nil, status.Error(codes.PermissionDenied, "not an admin")
	case "broken":
		return nil, errors.New("disk full")
	case "skip":
		grpcactivity.Skip(ctx)
		_, err := s.log.Record(ctx, activitylog.Event{Action: "data.delete"})
		return &health.HealthCheckResponse{}, err
	case "change":
		grpcactivity.Change(ctx, func(e *activitylog.Event) { e.Targets[0].Name = "Website" })
	}
	return &health.HealthCheckResponse{}, nil
}

func (service) Watch(_ *health.HealthCheckRequest, s health.Health_WatchServer) error {
	grpcactivity.Change(s.Context(), func(e *activitylog.Event) { e.Reason = "streamed" })
	for range 3 {
		if err := s.Send(&health.HealthCheckResponse{}); err != nil {
			return err
		}
	}
	return nil
}

// serve starts a server on a real connection and returns its client.
func serve(t *testing.T, o grpcactivity.Options) (health.HealthClient, *activitylog.Log) {
	t.Helper()
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	if o.OnError == nil {
		o.OnError = func(_ context.Context, method string, err error) { t.Errorf("%s: %v", method, err) }
	}
	i, err := grpcactivity.New(log, &o)
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(i.Unary()), grpc.StreamInterceptor(i.Stream()))
	health.RegisterHealthServer(server, service{log: log})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return health.NewHealthClient(conn), log
}

func identify(r *http.Request) middleware.Identity {
	return middleware.Identity{Org: "acme", Actor: activitylog.Actor{ID: r.Header.Get("X-User")}}
}

var rules = []grpcactivity.Rule{
	{Method: "/grpc.health.v1.Health/Check", Action: "data.view", Fill: func(e *activitylog.Event, request any) {
		e.Targets = []activitylog.Target{{Type: "service", ID: request.(*health.HealthCheckRequest).Service}}
	}},
	{Method: "/grpc.health.v1.*", Action: "data.export"},
}

func events(t *testing.T, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	var list []activitylog.Event
	for e, err := range l.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

func TestUnaryCalls(t *testing.T) {
	t.Parallel()
	for _, submit := range []bool{false, true} {
		client, log := serve(t, grpcactivity.Options{
			Middleware: middleware.Options{Identify: identify, Proxies: middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
			Rules:      rules, EventIDKey: "activity-id", Submit: submit,
		})
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-user", "ana", "x-forwarded-for", "6.6.6.6, 192.0.2.7", "x-request-id", "r1",
			"traceparent", "00-"+strings.Repeat("a1", 16)+"-"+strings.Repeat("b2", 8)+"-01")
		var trailers []string
		for _, name := range []string{"ok", "denied", "broken", "skip", "change"} {
			var trailer metadata.MD
			_, err := client.Check(ctx, &health.HealthCheckRequest{Service: name}, grpc.Trailer(&trailer))
			if (err != nil) != (name == "denied" || name == "broken") {
				t.Errorf("%s: %v", name, err)
			}
			trailers = append(trailers, strings.Join(trailer["activity-id"], " "))
		}
		require.NoError(t, log.Close(t.Context()))
		got := ""
		for _, e := range events(t, log) {
			name := ""
			if len(e.Targets) > 0 {
				name = e.Targets[0].ID + e.Targets[0].Name
			}
			got += fmt.Sprintf("%s %s %s %q %q\n", e.Action, name, e.Outcome, e.ErrorCode, e.Reason)
			if e.Actor.ID != "ana" || e.Client.IP.String() != "192.0.2.7" || e.Request.ID != "r1" || e.Request.Route != "/grpc.health.v1.Health/Check" ||
				e.Request.TraceID != strings.Repeat("a1", 16) || !strings.HasPrefix(e.Client.UserAgent, "grpc-go/") {
				t.Errorf("got %s", e.AppendJSON(nil))
			}
		}
		want := `data.view ok success "" ""
data.view denied denied "PermissionDenied" "not an admin"
data.view broken failure "Unknown" "disk full"
data.delete  success "" ""
data.view changeWebsite success "" ""
`
		if got != want {
			t.Errorf("submit %v: got\n%s", submit, got)
		}
		if list := events(t, log); trailers[0] != list[0].ID.String() || trailers[3] != "" {
			t.Errorf("trailers %q", trailers)
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	client, log := serve(t, grpcactivity.Options{Middleware: middleware.Options{Identify: identify}, Rules: rules, EventIDKey: "activity-id"})
	stream, err := client.Watch(metadata.AppendToOutgoingContext(t.Context(), "x-user", "ana"), &health.HealthCheckRequest{})
	require.NoError(t, err)
	n := 0
	for ; ; n++ {
		if _, err := stream.Recv(); err != nil {
			break
		}
	}
	list := events(t, log)
	if n != 3 || len(list) != 1 || list[0].Action != "data.export" || list[0].Reason != "streamed" || list[0].Client.IP.String() != "127.0.0.1" {
		t.Fatalf("%d messages, recorded %+v", n, list)
	}
	if id := stream.Trailer()["activity-id"]; len(id) != 1 || id[0] != list[0].ID.String() {
		t.Errorf("trailer %q", id)
	}
}

func TestErrorsAreTold(t *testing.T) {
	t.Parallel()
	told := make(chan error, 1)
	client, _ := serve(t, grpcactivity.Options{Rules: rules, OnError: func(_ context.Context, _ string, err error) { told <- err }})
	if _, err := client.Check(t.Context(), &health.HealthCheckRequest{}); err != nil {
		t.Error(err)
	}
	if err := <-told; !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("told %v, want that the event has no organization", err)
	}
}

// TestPanics calls the interceptors themselves, since a panic ends a server.
func TestPanics(t *testing.T) {
	t.Parallel()
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	i, err := grpcactivity.New(log, &grpcactivity.Options{Middleware: middleware.Options{Identify: identify}, Rules: []grpcactivity.Rule{
		{Method: "/x/Skip"}, {Method: "/x/*", Action: "data.view", Outcomes: []activitylog.Outcome{activitylog.Failure}},
	}})
	require.NoError(t, err)
	call := func(method string, handler grpc.UnaryHandler) (v any) {
		defer func() { v = recover() }()
		i.Unary()(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: method}, handler)
		return nil
	}
	boom := func(context.Context, any) (any, error) { panic("the password is hunter2") }
	if v := call("/x/Skip", boom); v != "the password is hunter2" {
		t.Errorf("went on as %v", v)
	}
	call("/x/Do", boom)
	call("/x/Do", func(context.Context, any) (any, error) { return nil, nil }) // no rule for what succeeds
	call("/y/Do", boom)
	list := events(t, log)
	if len(list) != 1 || list[0].Reason != "the handler panicked with a string" || list[0].ErrorCode != "panic" {
		t.Errorf("recorded %+v", list)
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	for _, method := range []string{"", "shop.Projects/Delete", "/shop.*/Delete"} {
		_, err := grpcactivity.New(log, &grpcactivity.Options{Rules: []grpcactivity.Rule{{Method: method}}})
		if !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("method %q: %v", method, err)
		}
	}
	if _, err := grpcactivity.New(nil, &grpcactivity.Options{Rules: rules}); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("without a log: %v", err)
	}
	if _, err := grpcactivity.New(nil, nil); err != nil {
		t.Errorf("only the context: %v", err)
	}
}
