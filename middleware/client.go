package middleware

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// Proxies are the proxies in front of a server that are believed about whom they forward. The zero value believes
// nobody. It is safe for concurrent use.
type Proxies struct {
	// Trusted are the networks of the proxies, those of IPv4 in its own form. Only a chain that begins at one of them is looked at.
	Trusted []netip.Prefix
	// Header is the one that these proxies append to: "X-Forwarded-For", which is the default, "Forwarded", or another
	// with a list of addresses. All others are forgeable, and therefore not believed.
	Header string
}

const (
	xForwardedFor = "X-Forwarded-For"
	forwarded     = "Forwarded"
)

// prepare checks the proxies and copies what the host may change.
func (p *Proxies) prepare() error {
	p.Trusted = slices.Clone(p.Trusted)
	for i, t := range p.Trusted {
		if !t.IsValid() || t.Addr().Is4In6() {
			return fmt.Errorf("middleware: %w", invalid("trusted proxy %d of %d is %s; use a prefix of IPv4 or IPv6", i+1, len(p.Trusted), t))
		}
	}
	return nil
}

const (
	maxHops    = 64 // of a chain that are looked at
	maxClaimed = 32 // hops that are kept as the raw claim, from the right
)

// Client returns where r came from. IP is the address of the peer, unless that is a trusted proxy: then it is the
// rightmost address of the chain that is not trusted, or the leftmost if all are. What is no address ends the chain, at
// the proxy that said so. Forwarded is what the headers claim, hop by hop, true or not.
func (p Proxies) Client(r *http.Request) activitylog.Client {
	return activitylog.Client{IP: p.address(r), UserAgent: r.UserAgent(), Forwarded: claims(r.Header, p.header())}
}

func (p Proxies) header() string {
	if p.Header == "" {
		return xForwardedFor
	}
	return http.CanonicalHeaderKey(p.Header)
}

func (p Proxies) address(r *http.Request) netip.Addr {
	client, ok := parseHop(r.RemoteAddr)
	if !ok || !p.trusts(client) {
		return client
	}
	parse := parseHop
	if p.header() == forwarded {
		parse = parseForwarded
	}
	looked := 0
	for hop := range hops(r.Header[p.header()], p.header() == forwarded) {
		if hop == "" { // a list may hold empty elements
			continue
		}
		if looked++; looked > maxHops {
			break
		}
		addr, ok := parse(hop)
		if !ok {
			break
		}
		if client = addr; !p.trusts(addr) {
			break
		}
	}
	return client
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, t := range p.Trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// hops yields the elements of a list over several lines, from right to left, trimmed. Within Forwarded a comma in quotes
// belongs to the element. Quotes too are read from the right: a client that opens one cannot swallow what a proxy
// appends, and what it puts into one, such as by its Host, stays there.
func hops(lines []string, quotes bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			for comma := 0; comma >= 0; {
				comma = lastOf(line, ',', quotes)
				if !yield(strings.Trim(line[comma+1:], " \t")) {
					return
				}
				line = line[:max(comma, 0)]
			}
		}
	}
}

// lastOf is the place of the last separator, outside of quoted strings if there are any, or -1.
func lastOf(s string, separator byte, quotes bool) int {
	if !quotes {
		return strings.LastIndexByte(s, separator)
	}
	quoted := false
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == '"':
			before := strings.TrimRight(s[:i], `\`)
			if escaped := (i-len(before))%2 == 1; !quoted || !escaped {
				quoted = !quoted
			}
		case s[i] == separator && !quoted:
			return i
		}
	}
	return -1
}

// parseHop reads an address with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			if a, err := netip.ParseAddr(inner); err == nil && a.Is6() {
				return a.Unmap().WithZone(""), true
			}
		}
	}
	return netip.Addr{}, false
}

// parseForwarded reads the address in an element of RFC 7239: for=192.0.2.1;proto=https or for="[2001:db8::1]:80".
func parseForwarded(element string) (netip.Addr, bool) {
	node, found := "", false
	for end := 0; end >= 0; element = element[:max(end, 0)] {
		end = lastOf(element, ';', true)
		name, value, _ := strings.Cut(strings.Trim(element[end+1:], " \t"), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if found { // which of two is true, nobody knows
			return netip.Addr{}, false
		}
		node, found = value, true
	}
	if inner, ok := strings.CutPrefix(node, `"`); ok {
		if node, ok = strings.CutSuffix(inner, `"`); !ok {
			return netip.Addr{}, false
		}
	}
	return parseHop(node)
}

// claims are the hops that the headers claim, left to right: those of the proxies' header and of the two usual ones.
func claims(h http.Header, header string) []string {
	var list []string
	for i, name := range [...]string{xForwardedFor, forwarded, header} {
		if i == 2 && (name == xForwardedFor || name == forwarded) {
			break
		}
		if len(h[name]) == 0 {
			continue
		}
		n := len(list)
		for hop := range hops(h[name], name == forwarded) {
			if len(list)-n == maxClaimed {
				list[len(list)-1] = "…" // there are more
				break
			}
			list = append(list, hop)
		}
		slices.Reverse(list[n:])
	}
	return list
}
