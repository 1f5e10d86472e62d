package grpc_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/activitylog/activitylog"
	grpcactivity "github.com/activitylog/activitylog/contrib/grpc"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthserver "google.golang.org/grpc/health"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	i, err := grpcactivity.New(activity, &grpcactivity.Options{
		Middleware: middleware.Options{Identify: func(r *http.Request) middleware.Identity { // from the metadata of the call
			return middleware.Identity{Org: "acme", Actor: activitylog.Actor{ID: r.Header.Get("X-User")}}
		}},
		Rules: []grpcactivity.Rule{{Method: "/grpc.health.v1.Health/*", Action: "data.view"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(i.Unary()), grpc.StreamInterceptor(i.Stream()))
	health.RegisterHealthServer(server, healthserver.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-user", "ana")
	for _, name := range []string{"", "nobody"} {
		health.NewHealthClient(conn).Check(ctx, &health.HealthCheckRequest{Service: name})
	}
	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Actor.ID, e.Client.IP, e.Request.Route, e.Outcome, e.ErrorCode+";")
	}
	// Output:
	// ana 127.0.0.1 /grpc.health.v1.Health/Check success ;
	// ana 127.0.0.1 /grpc.health.v1.Health/Check failure NotFound;
}
