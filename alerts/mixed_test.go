package alerts_test

import (
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// mixed is several scenarios in one log, chosen by chance. Its configuration is that of the first.
func mixed(rng *rand.Rand, n int) (scenario, []activitylog.Event) {
	all := scenarios()
	var names []string
	var events []activitylog.Event
	var mix scenario
	for i := range n {
		s := all[rng.IntN(len(all))]
		if i == 0 {
			mix = s
			mix.from, mix.at = monday, on(200, 0, 0)
		}
		names = append(names, s.rule+"/"+s.name)
		events = append(events, s.story().events...)
	}
	for i := range events {
		events[i].ID = uuid.Must(uuid.FromBytes(binaryID(rng)))
	}
	mix.name = strings.Join(names, " + ")
	return mix, events
}

func binaryID(rng *rand.Rand) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func fold(events []activitylog.Event) *alerts.Figures {
	var f alerts.Figures
	for i := range events {
		f.Add(&events[i])
	}
	return &f
}
