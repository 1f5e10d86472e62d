package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/activitylog/activitylog"
)

// IPPolicy says what is kept of an address.
type IPPolicy int

// The policies. Addresses in the claimed proxy chain are treated alike; texts such as messages are not looked at.
const (
	Full   IPPolicy = iota // the whole address
	Prefix                 // the network: 24 bits of IPv4, 48 of IPv6
	Hash                   // a keyed hash, by which only "the same address" can be told
	None                   // nothing
)

// The values of Client.IPKind.
const (
	kindPrefix = "prefix"
	kindHash   = "hash"
)

// address applies the policy. An address that was reduced before is not reduced again, but removed by None.
func (p *Policy) address(c *activitylog.Client) {
	switch p.opts.IP {
	case Full:
		return
	case None:
		c.IP, c.IPKind, c.IPHash, c.Forwarded = netip.Addr{}, "", "", nil
		return
	}
	for i := range c.Forwarded {
		c.Forwarded[i] = p.claim(c.Forwarded[i])
	}
	if !c.IP.IsValid() || c.IPKind != "" {
		return
	}
	if p.opts.IP == Prefix {
		c.IP, c.IPKind = network(c.IP).Addr(), kindPrefix
		return
	}
	c.IPHash, c.IPKind, c.IP = p.hash(c.IP), kindHash, netip.Addr{}
}

// network is what the policy Prefix keeps.
func network(a netip.Addr) netip.Prefix {
	a, bits := a.Unmap().WithZone(""), 48
	if a.Is4() {
		bits = 24
	}
	n, _ := a.Prefix(bits) // neither width is too long
	return n
}

// hash is the keyed hash of an address, alike for all spellings of it.
func (p *Policy) hash(a netip.Addr) string {
	mac := hmac.New(sha256.New, p.opts.IPKey)
	mac.Write([]byte("activitylog/ip/v1\n"))
	as16 := a.WithZone("").As16() // IPv4 in IPv6 has the form of IPv4
	mac.Write(as16[:])
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// claim replaces the addresses in a hop of the claimed chain, in whatever form it was claimed.
func (p *Policy) claim(hop string) string {
	var out strings.Builder
	for hop != "" {
		n := strings.IndexFunc(hop, isAddressRune)
		if n < 0 {
			break
		}
		out.WriteString(hop[:n])
		hop = hop[n:]
		n = strings.IndexFunc(hop, func(c rune) bool { return !isAddressRune(c) })
		if n < 0 {
			n = len(hop)
		}
		out.WriteString(p.reduced(hop[:n]))
		hop = hop[n:]
	}
	return out.String() + hop
}

func isAddressRune(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' || c == '.' || c == ':'
}

// reduced is s as the policy keeps it, if it is an address, with or without a port.
func (p *Policy) reduced(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		switch {
		case err == nil:
			a = ap.Addr()
		case strings.Count(s, ".") >= 3 || strings.Count(s, ":") >= 2: // one in disguise
			return markOf("ip")
		default:
			return s
		}
	}
	if p.opts.IP == Hash {
		return p.hash(a)
	}
	return network(a).Addr().String()
}
