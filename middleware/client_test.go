package middleware_test

import (
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/middleware"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// requestFrom is a request of a peer with header lines, each "Name: value".
func requestFrom(peer string, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestClientBehindProxies(t *testing.T) {
	t.Parallel()
	trusted := prefixes("10.0.0.0/8", "fd00::/8", "203.0.113.9/32")
	const peer = "10.0.0.1:4711" // a proxy
	xff := func(v ...string) []string {
		for i := range v {
			v[i] = "X-Forwarded-For: " + v[i]
		}
		return v
	}
	fwd := func(v ...string) []string {
		for i := range v {
			v[i] = "Forwarded: " + v[i]
		}
		return v
	}
	tests := []struct {
		name, peer string
		header     string // of the proxies; empty: the default
		lines      []string
		want       string // empty: none
	}{
		// No proxy.
		{"peer alone", "192.0.2.7:80", "", nil, "192.0.2.7"},
		{"peer of IPv6", "[2001:db8::7]:80", "", nil, "2001:db8::7"},
		{"peer without port", "192.0.2.7", "", nil, "192.0.2.7"},
		{"mapped peer", "[::ffff:192.0.2.7]:80", "", nil, "192.0.2.7"},
		{"peer with zone", "[fe80::1%eth0]:80", "", nil, "fe80::1"},
		{"socket", "@", "", nil, ""},
		{"no peer", "", "", nil, ""},
		{"claim of a stranger", "192.0.2.7:80", "", xff("198.51.100.1"), "192.0.2.7"},
		{"claim of a stranger, naming a proxy", "192.0.2.7:80", "", xff("10.0.0.2"), "192.0.2.7"},
		{"claim through a socket", "@", "", xff("198.51.100.1"), ""},
		{"Forwarded of a stranger", "192.0.2.7:80", "Forwarded", fwd("for=198.51.100.1"), "192.0.2.7"},
		{"neighbour of a single trusted address", "203.0.113.8:80", "", xff("198.51.100.1"), "203.0.113.8"},

		// X-Forwarded-For.
		{"proxy without header", peer, "", nil, "10.0.0.1"},
		{"one hop", peer, "", xff("198.51.100.1"), "198.51.100.1"},
		{"one hop through IPv6", "[fd00::1]:80", "", xff("2001:db8::5"), "2001:db8::5"},
		{"mapped proxy", "[::ffff:10.0.0.1]:80", "", xff("198.51.100.1"), "198.51.100.1"},
		{"forged hop before", peer, "", xff("1.1.1.1, 198.51.100.1"), "198.51.100.1"},
		{"forged proxy before", peer, "", xff("10.9.9.9, 198.51.100.1"), "198.51.100.1"},
		{"two proxies", peer, "", xff("198.51.100.1, 10.0.0.2"), "198.51.100.1"},
		{"forged hop before two proxies", peer, "", xff("1.1.1.1, 198.51.100.1, 10.0.0.2"), "198.51.100.1"},
		{"three proxies of several networks", peer, "", xff("198.51.100.1, fd00::2, 203.0.113.9"), "198.51.100.1"},
		{"all are proxies", peer, "", xff("10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		{"two lines", peer, "", xff("198.51.100.1", "10.0.0.2"), "198.51.100.1"},
		{"forged line before", peer, "", xff("1.1.1.1", "198.51.100.1"), "198.51.100.1"},
		{"port", peer, "", xff("198.51.100.1:5678"), "198.51.100.1"},
		{"brackets", peer, "", xff("[2001:db8::5]"), "2001:db8::5"},
		{"brackets and port", peer, "", xff("[2001:db8::5]:443"), "2001:db8::5"},
		{"mapped hop", peer, "", xff("::ffff:198.51.100.1"), "198.51.100.1"},
		{"mapped proxy in the chain", peer, "", xff("198.51.100.1, ::ffff:10.0.0.2"), "198.51.100.1"},
		{"zone in a hop", peer, "", xff("fe80::9%eth0"), "fe80::9"},
		{"no blanks", peer, "", xff("198.51.100.1,10.0.0.2"), "198.51.100.1"},
		{"blanks and tabs", peer, "", xff(" \t198.51.100.1 ,\t10.0.0.2  "), "198.51.100.1"},
		{"empty elements", peer, "", xff("198.51.100.1,, ,10.0.0.2,"), "198.51.100.1"},
		{"only empty elements", peer, "", xff(" , ,"), "10.0.0.1"},
		{"unknown", peer, "", xff("unknown"), "10.0.0.1"},
		{"unknown behind a proxy", peer, "", xff("1.1.1.1, unknown, 10.0.0.2"), "10.0.0.2"},
		{"word left of the client", peer, "", xff("<script>, 198.51.100.1"), "198.51.100.1"},
		{"leading zeros", peer, "", xff("1.1.1.1, 010.0.0.1"), "10.0.0.1"},
		{"number", peer, "", xff("3232235777"), "10.0.0.1"},
		{"host name", peer, "", xff("client.example"), "10.0.0.1"},
		{"IPv4 in brackets", peer, "", xff("[198.51.100.1]"), "10.0.0.1"},
		{"line break", peer, "", xff("198.51.100.1\r\n10.0.0.2"), "10.0.0.1"},
		{"longer than anyone's chain", peer, "", xff("1.1.1.1" + strings.Repeat(", 10.0.0.2", 64)), "10.0.0.2"},

		// Forwarded.
		{"Forwarded: one hop", peer, "Forwarded", fwd("for=198.51.100.1"), "198.51.100.1"},
		{"Forwarded: other parameters", peer, "Forwarded", fwd("proto=https; For=198.51.100.1 ;by=10.0.0.1"), "198.51.100.1"},
		{"Forwarded: quoted IPv6 with port", peer, "Forwarded", fwd(`for="[2001:db8::5]:443"`), "2001:db8::5"},
		{"Forwarded: forged hop before", peer, "forwarded", fwd("for=1.1.1.1, for=198.51.100.1, for=10.0.0.2"), "198.51.100.1"},
		{"Forwarded: two lines", peer, "Forwarded", fwd("for=1.1.1.1", "for=198.51.100.1"), "198.51.100.1"},
		{"Forwarded: obfuscated", peer, "Forwarded", fwd("for=1.1.1.1, for=_hidden"), "10.0.0.1"},
		{"Forwarded: unknown", peer, "Forwarded", fwd("for=unknown"), "10.0.0.1"},
		{"Forwarded: no for", peer, "Forwarded", fwd("for=1.1.1.1, proto=http"), "10.0.0.1"},
		{"Forwarded: two fors", peer, "Forwarded", fwd("for=1.1.1.1;for=198.51.100.1"), "10.0.0.1"},
		{"Forwarded: open quote of the client", peer, "Forwarded", fwd(`for=1.1.1.1;x=", for=198.51.100.1`), "198.51.100.1"},
		{"Forwarded: comma in the quoted host of the client", peer, "Forwarded", fwd(`for=198.51.100.1;host="a,for=1.1.1.1;x="`), "198.51.100.1"},
		{"Forwarded: semicolon in the quoted host", peer, "Forwarded", fwd(`for=198.51.100.1;host="a;for=1.1.1.1"`), "198.51.100.1"},
		{"Forwarded: escaped quotes in the host", peer, "Forwarded", fwd(`for=198.51.100.1;host="a\",for=1.1.1.1;x=\""`), "198.51.100.1"},
		{"Forwarded: backslashes in the host", peer, "Forwarded", fwd(`for=1.1.1.1, for=198.51.100.1;host="a\\"`), "198.51.100.1"},
		{"Forwarded: open quote, then two proxies", peer, "Forwarded", fwd(`for=1.1.1.1;x=", for=198.51.100.1;host="a", for=10.0.0.2`), "198.51.100.1"},
		{"Forwarded: text before a quote", peer, "Forwarded", fwd(`for=1.1.1.1, for=x"198.51.100.1"`), "10.0.0.1"},
		{"Forwarded: open quote of the address", peer, "Forwarded", fwd(`for="198.51.100.1`), "10.0.0.1"},

		// Which header.
		{"the other header: Forwarded", peer, "", fwd("for=198.51.100.1"), "10.0.0.1"},
		{"the other header: X-Forwarded-For", peer, "Forwarded", xff("198.51.100.1"), "10.0.0.1"},
		{"both headers", peer, "", append(xff("198.51.100.1"), fwd("for=1.1.1.1")...), "198.51.100.1"},
		{"header of a CDN", peer, "x-client", []string{"X-Client: 198.51.100.1", "X-Forwarded-For: 1.1.1.1"}, "198.51.100.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := middleware.Proxies{Trusted: trusted, Header: tt.header}
			c := p.Client(requestFrom(tt.peer, tt.lines...))
			if got := c.IP; (tt.want == "") == got.IsValid() || tt.want != "" && got.String() != tt.want {
				t.Errorf("got %s, want %q", got, tt.want)
			}
			nobody := middleware.Proxies{}.Client(requestFrom(tt.peer, tt.lines...))
			if alone := (middleware.Proxies{}).Client(requestFrom(tt.peer)); nobody.IP != alone.IP {
				t.Errorf("without trusted proxies headers made the address %s, not %s", nobody.IP, alone.IP)
			}
		})
	}
}

func TestRawClaimIsKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		header string
		lines  []string
		want   []string
	}{
		{"none", "", nil, nil},
		{"hops of several lines", "", []string{"X-Forwarded-For: 1.1.1.1, unknown", "X-Forwarded-For: 10.0.0.2"}, []string{"1.1.1.1", "unknown", "10.0.0.2"}},
		{"both headers", "", []string{"Forwarded: for=2.2.2.2;proto=http", "X-Forwarded-For: 1.1.1.1"}, []string{"1.1.1.1", "for=2.2.2.2;proto=http"}},
		{"header of a CDN", "X-Client", []string{"X-Client: 1.1.1.1"}, []string{"1.1.1.1"}},
		{"hostile length", "", []string{"X-Forwarded-For: " + strings.Repeat("6.6.6.6,", 1000) + "1.1.1.1"},
			append(append([]string{"…"}, slices.Repeat([]string{"6.6.6.6"}, 30)...), "1.1.1.1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := middleware.Proxies{Header: tt.header}.Client(requestFrom("192.0.2.7:80", tt.lines...))
			if !reflect.DeepEqual(c.Forwarded, tt.want) {
				t.Errorf("got %q, want %q", c.Forwarded, tt.want)
			}
		})
	}
}

// FuzzClient holds that no header moves the address away from an untrusted peer, nor makes one up.
func FuzzClient(f *testing.F) {
	f.Add("198.51.100.1, 10.0.0.2", "for=1.1.1.1")
	f.Add(`"`, `for="[::`)
	trusting := middleware.Proxies{Trusted: prefixes("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, xff, fwd string) {
		lines := http.Header{"X-Forwarded-For": {xff}, "Forwarded": {fwd}}
		for _, header := range []string{"X-Forwarded-For", "Forwarded"} {
			trusting.Header = header
			if c := trusting.Client(&http.Request{RemoteAddr: "192.0.2.7:1", Header: lines}); c.IP.String() != "192.0.2.7" {
				t.Errorf("a stranger became %s", c.IP)
			}
			c := trusting.Client(&http.Request{RemoteAddr: "10.0.0.1:1", Header: lines})
			if !c.IP.IsValid() || c.IP.Zone() != "" || c.IP.Is4In6() {
				t.Errorf("got address %q", c.IP)
			}
			if len(c.Forwarded) > 64 {
				t.Errorf("kept %d hops", len(c.Forwarded))
			}
		}
	})
}
