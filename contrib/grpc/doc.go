// Package grpc joins a gRPC server to a log: its interceptors put who is asking, from where and in which request into the
// context of every call, and record one event per call by rules.
//
//	i, err := grpcactivity.New(log, &grpcactivity.Options{
//		Middleware: middleware.Options{Identify: fromMetadata},
//		Rules:      []grpcactivity.Rule{{Method: "/shop.Projects/Delete", Action: "project.delete"}},
//	})
//	server := grpc.NewServer(grpc.UnaryInterceptor(i.Unary()), grpc.StreamInterceptor(i.Stream()))
//
// The event is recorded when the handler returns, before the client sees the status. A panic is recorded as a failure
// and goes on.
package grpc
