package demo

// model is a model that answers, with its price in billionths of a US dollar per token.
type model struct {
	name, provider, operation string
	in, cached, out           int64
	context, answer           float64 // tokens of a typical message
	firstMS, perToken         float64 // milliseconds
	reasons                   bool
	unpriced                  bool // nobody has told what it costs
}

var models = []model{
	{name: "quill-3-large", provider: "inkwell", operation: "chat", in: 7000, cached: 700, out: 28000,
		context: 40000, answer: 800, firstMS: 900, perToken: 11, reasons: true},
	{name: "quill-3-mini", provider: "inkwell", operation: "chat", in: 3500, cached: 350, out: 14000,
		context: 30000, answer: 600, firstMS: 350, perToken: 5},
	{name: "tern-embed-2", provider: "inkwell", operation: "embed", in: 150, context: 60000, firstMS: 120},
	{name: "aurora-2-pro", provider: "northlight", operation: "chat", in: 6500, cached: 650, out: 26000,
		context: 36000, answer: 700, firstMS: 800, perToken: 10, reasons: true},
	{name: "aurora-2-flash", provider: "northlight", operation: "chat", in: 3200, cached: 320, out: 12800,
		context: 27000, answer: 600, firstMS: 250, perToken: 4},
	{name: "fresco-2", provider: "northlight", operation: "image", in: 4000, out: 60000,
		context: 400, answer: 1400, firstMS: 4000, perToken: 3},
	{name: "heron-12b", provider: "self-hosted", operation: "chat", context: 12000, answer: 400, firstMS: 600, perToken: 18, unpriced: true},
	{name: "heron-3b", provider: "self-hosted", operation: "chat", context: 12000, answer: 300, firstMS: 250, perToken: 7, unpriced: true},
	{name: newModel, provider: "peregrine", operation: "chat", in: 8500, cached: 850, out: 34000,
		context: 34000, answer: 900, firstMS: 700, perToken: 8, reasons: true},
}

// newModel is the one that nobody used until a few days ago.
const newModel = "harrier-1"

// priceList is the version of the prices above.
const priceList = "list-2026-2"

// previewModels are enabled and, after a look at their terms, disabled again.
var previewModels = []string{"sketch-1-preview", "quill-4-preview", "aurora-3-preview", "heron-70b"}

func modelNamed(name string) *model {
	for i := range models {
		if models[i].name == name {
			return &models[i]
		}
	}
	panic("demo: no model " + name)
}
