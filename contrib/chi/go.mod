module github.com/activitylog/activitylog/contrib/chi

go 1.26.0

require github.com/activitylog/activitylog v0.0.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/activitylog/activitylog => ../../
