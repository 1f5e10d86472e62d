package demo

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// Where a person works.
const (
	atDesk = iota
	atHome
	onPhone
)

// person is a member of an organization with habits of their own.
type person struct {
	activitylog.Actor
	*job
	loc           *time.Location
	starts, ends  float64 // hours of a usual day, in loc
	rate, context float64 // how much they do and how long their conversations are
	desk, weekend float64 // share of days at the office, and of weekend days with some work
	clients       [3]activitylog.Client
	sessions      [3]string
	model, second *model
	home          string // the project where they do most
	joins, leaves time.Time
	away          [][2]time.Time
	named         bool // in the tables, so that nothing befalls them but what stands there
	record        *object
	talk          conversation
	talks         int // conversations so far
}

// hire makes the person that s describes, the n-th of the organization.
func (o *org) hire(w *world, n int, s staff) *person {
	r := roll(w.Seed, "person/"+o.id+"/"+s.name, int64(n))
	zone := s.zone
	if zone == "" {
		zone = o.zone
	}
	j := jobNamed(s.job)
	email := mailbox(s.name) + "@" + o.domain
	p := &person{
		Actor: activitylog.Actor{Type: activitylog.User, ID: nameToken("usr_", email), Name: s.name, Email: email, Roles: []string{s.role}, Zone: zone},
		job:   j, loc: w.zones[zone], rate: j.rate * o.load * r.around(0.95, 0.2), context: r.around(1, 0.25),
		starts: r.between(8, 9.6), desk: r.between(0.4, 0.9), weekend: r.between(0, 0.09),
	}
	if s.rate > 0 {
		p.rate = j.rate * o.load * s.rate
	}
	if s.context > 0 {
		p.context = s.context
	}
	p.ends = p.starts + r.between(8.3, 9.2)
	if zone != o.zone || o.office == "" {
		p.desk = 0
	}
	p.model, p.second = modelNamed(o.models.small), modelNamed(o.models.large)
	if j.large || s.context > 1 {
		p.model, p.second = p.second, p.model
	}
	if p.is == design || r.chance(0.1) {
		p.second = modelNamed(o.models.other)
	}
	p.home = one(r, o.shelf["project"]).ID
	p.clients = o.clientsOf(r, n, zone)
	p.record = &object{Target: activitylog.Target{Type: "user", ID: p.ID, Name: p.Name}, fields: map[string]any{"role": s.role, "status": "active"}}
	return p
}

// mailbox is the part of an e-mail address before the @.
func mailbox(name string) string {
	return strings.NewReplacer(" ", ".", "'", "", "á", "a", "é", "e", "ê", "e", "í", "i", "ó", "o", "ö", "oe", "ä", "ae", "ü", "ue",
		"ı", "i").Replace(strings.ToLower(name))
}

// clientsOf gives the n-th person a network of their own at home and a phone, beside the one address of the office.
func (o *org) clientsOf(r dice, n int, zone string) [3]activitylog.Client {
	desktop, lot := one(r, desktopAgents), int(o.asn-64500)*128+n%128
	home := netip.AddrFrom4([4]byte{198, 18 + byte(lot>>8), byte(lot), 2 + byte(n/128)}) // 198.18.0.0/15 is for tests
	phone := netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, byte(lot >> 8), byte(lot), byte(n / 128), 15: byte(r.IntN(200) + 1)})
	at := func(ip netip.Addr, agent string, asn uint32) activitylog.Client {
		return activitylog.Client{IP: ip, UserAgent: agent, Country: countries[zone], ASN: asn}
	}
	c := [3]activitylog.Client{atHome: at(home, desktop, 64496+uint32(n)%4), onPhone: at(phone, one(r, phoneAgents), 64505)}
	c[atDesk] = c[atHome]
	if o.office != "" {
		c[atDesk] = at(netip.MustParseAddr(o.office), desktop, o.asn)
	}
	return c
}

// member tells whether the person belongs to the organization on day.
func (p *person) member(day time.Time) bool {
	return !day.Before(p.joins) && (p.leaves.IsZero() || day.Before(p.leaves)) && p.is != dormant
}

// present tells whether the person is a member and neither on leave nor suspended.
func (p *person) present(day time.Time) bool {
	return p.member(day) && !slices.ContainsFunc(p.away, func(a [2]time.Time) bool { return !day.Before(a[0]) && day.Before(a[1]) })
}

// delegates is the link that says that somebody acts under the authority of p.
func (p *person) delegates() activitylog.Delegation {
	return activitylog.Delegation{Actor: p.Actor, Relation: activitylog.DelegatedBy}
}
