package demo_test

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog/internal/demo"
)

func Example() {
	o := demo.Options{Seed: 1, End: time.Date(2026, 6, 16, 12, 0, 0, 0, time.UTC)}
	signIns := 0
	for e := range demo.Events(o) {
		if e.Action == "auth.login" {
			signIns++
		}
	}
	fmt.Println(signIns > 3000)
	for _, org := range demo.Orgs() {
		fmt.Println(org.Name, org.Zone)
	}
	for _, i := range demo.Incidents(o) {
		fmt.Println(i.Org, i.Alert)
	}
	// Output:
	// true
	// Northwind Studio Europe/Berlin
	// Harborline Logistics America/New_York
	// Tamarind Health Asia/Kolkata
	// Atelier Azul Europe/Lisbon
	// harborline org_spend_spike
	// northwind org_spend_spike
	// harborline mass_export
	// harborline login_failures
	// northwind dormant_revival
	// tamarind off_hours
	// harborline privilege_escalation
	// northwind new_model
	// northwind cost_anomaly
	// harborline volume_spike
	// tamarind mass_deletion
	// northwind error_rate
	// northwind login_failures
}
