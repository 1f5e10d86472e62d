package demo

var desktopAgents = []string{
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:151.0) Gecko/20100101 Firefox/151.0",
	"Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 Safari/605.1.15",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
}

var phoneAgents = []string{
	"PlatformMobile/8.4 (iPhone; iOS 26.3)",
	"PlatformMobile/8.4 (Android 16; SM-S942B)",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 26_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
}

const terminalAgent = "platform-cli/2.6 (linux; amd64)"

// countries are those of the zones in the tables.
var countries = map[string]string{
	"Europe/Berlin": "DE", "Africa/Lagos": "NG", "Asia/Kolkata": "IN", "Asia/Tokyo": "JP", "America/Bogota": "CO",
	"America/New_York": "US", "America/Chicago": "US", "Asia/Kathmandu": "NP", "Europe/Lisbon": "PT",
}

// Addresses of those who attack, in a range for documentation.
const (
	bruteForcer   = "203.0.113.77"
	sprayer       = "203.0.113.190"
	dormantClient = "203.0.113.142"
	attackAgent   = "python-requests/2.34.2"
	attackASN     = 64511
)
