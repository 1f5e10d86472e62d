package alerts

import (
	"regexp"
	"strings"
)

// Model is the name of a language model without what changes from call to call: region, date, alias. Two spellings of
// one model have one Model.
type Model struct {
	Provider string // who made it, as far as the names tell; else as the event says
	Family   string // such as "claude-sonnet"
	Version  string // such as "4-5"; empty: none
}

// String is provider/family and, where there is one, the version behind an @.
func (m Model) String() string {
	s := m.Provider + "/" + m.Family
	if m.Version != "" {
		s += "@" + m.Version
	}
	return s
}

// makers are the beginnings of families and who makes them.
var makers = []struct{ family, provider string }{
	{"gpt", "openai"}, {"chatgpt", "openai"}, {"o1", "openai"}, {"o3", "openai"}, {"o4", "openai"}, {"text-embedding", "openai"}, {"dall-e", "openai"}, {"whisper", "openai"},
	{"claude", "anthropic"}, {"gemini", "google"}, {"gemma", "google"}, {"palm", "google"}, {"llama", "meta"}, {"mistral", "mistral"}, {"mixtral", "mistral"},
	{"codestral", "mistral"}, {"command", "cohere"}, {"embed", "cohere"}, {"deepseek", "deepseek"}, {"qwen", "alibaba"}, {"qwq", "alibaba"}, {"grok", "xai"}, {"nova", "amazon"}, {"titan", "amazon"},
	{"phi", "microsoft"}, {"jamba", "ai21"}, {"sonar", "perplexity"},
}

// aliases are other names of providers.
var aliases = map[string]string{
	"openai": "openai", "azure": "openai", "azure_openai": "openai", "azure-openai": "openai", "azure.ai.openai": "openai", "azureopenai": "openai",
	"anthropic": "anthropic", "google": "google", "vertex": "google", "vertexai": "google", "vertex_ai": "google", "gcp.vertex_ai": "google", "gemini": "google",
	"gcp.gemini": "google", "google_genai": "google", "meta": "meta", "meta-llama": "meta", "mistralai": "mistral", "mistral": "mistral", "x-ai": "xai", "xai": "xai",
}

var (
	regionPrefix = regexp.MustCompile(`^(us|eu|apac|ap|global|jp|au)\.`)
	dateSuffix   = regexp.MustCompile(`[-@:](20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|[0-9]{4}$)`)
	aliasSuffix  = regexp.MustCompile(`[-:](latest|default)$`)
	bedrockTail  = regexp.MustCompile(`-v[0-9]+(:[0-9]+)?$`)
	versionPart  = regexp.MustCompile(`^v?[0-9][0-9.]*[a-z]?$`)
)

// CanonicalModel brings the spellings of one model together: surrounding space, case, a path or region before the name
// ("models/", "us.anthropic."), a date or "latest" behind it. The version are the parts that begin with a digit.
func CanonicalModel(provider, model string) Model {
	p, name := strings.ToLower(strings.TrimSpace(provider)), strings.ToLower(strings.TrimSpace(model))
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		if p == "" {
			p = strings.TrimSuffix(name[:i], "/models")
		}
		name = name[i+1:]
	}
	name = regionPrefix.ReplaceAllString(name, "")
	if before, after, ok := strings.Cut(name, "."); ok && aliases[before] != "" {
		p, name = before, after // "anthropic.claude-…"
	}
	name = bedrockTail.ReplaceAllString(name, "")
	name = aliasSuffix.ReplaceAllString(name, "")
	name = dateSuffix.ReplaceAllString(name, "")
	name = aliasSuffix.ReplaceAllString(name, "")
	m := Model{Provider: p}
	if a := aliases[p]; a != "" {
		m.Provider = a
	}
	for _, k := range makers {
		if name == k.family || strings.HasPrefix(name, k.family) {
			m.Provider = k.provider
			break
		}
	}
	var family, version []string
	for i, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == ':' || r == ' ' || r == '@' }) {
		if i > 0 && versionPart.MatchString(part) {
			version = append(version, strings.ReplaceAll(part, ".", "-"))
		} else {
			family = append(family, part)
		}
	}
	m.Family, m.Version = strings.Join(family, "-"), strings.Join(version, "-")
	return m
}

// parseModel reads what Model.String wrote.
func parseModel(s string) Model {
	var m Model
	m.Provider, m.Family, _ = strings.Cut(s, "/")
	m.Family, m.Version, _ = strings.Cut(m.Family, "@")
	return m
}
