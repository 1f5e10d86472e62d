package demo

// staff is one person of the tables. Those with a place in the incidents are named there by their name.
type staff struct {
	name, job, role, zone string  // zone empty: the organization's
	rate, context         float64 // of AI use, against that of the job; 0: 1
}

var northwindStaff = []staff{
	{name: "Amara Okafor", job: "operations", role: "owner", zone: "Africa/Lagos"},
	{name: "Katrin Vogel", job: "operations", role: "admin"},
	{name: "Jonas Weber", job: "engineering", role: "admin"},
	{name: "Priya Raman", job: "product", role: "member", zone: "Asia/Kolkata", rate: 1.5, context: 1.3},
	{name: "Mei Tanaka", job: "engineering", role: "member", zone: "Asia/Tokyo", rate: 1.3},
	{name: "Tomás Rivera", job: "support", role: "member", zone: "America/Bogota"},
	{name: "Lena Fischer", job: "marketing", role: "member"},
	{name: "Viktor Hahn", job: "dormant", role: "admin"},
	{name: "Sofie Lindqvist", job: "finance", role: "billing"},
	{name: "Elif Aydın", job: "operations", role: "admin"},
}

var harborlineStaff = []staff{
	{name: "Marcus Bell", job: "operations", role: "owner"},
	{name: "Denise Alvarez", job: "operations", role: "admin"},
	{name: "Kyle Brennan", job: "support", role: "member"},
	{name: "Renee Whitaker", job: "sales", role: "member"},
	{name: "Owen Pike", job: "finance", role: "billing"},
	{name: "Grace Holloway", job: "engineering", role: "admin", zone: "America/Chicago"},
}

var tamarindStaff = []staff{
	{name: "Ananya Iyer", job: "operations", role: "owner"},
	{name: "Rohan Mehta", job: "engineering", role: "admin", rate: 1.3},
	{name: "Kavya Nair", job: "operations", role: "admin"},
	{name: "Sanjay Kulkarni", job: "support", role: "member"},
	{name: "Binod Thapa", job: "engineering", role: "member", zone: "Asia/Kathmandu"},
}

var azulStaff = []staff{
	{name: "Inês Duarte", job: "operations", role: "owner"},
	{name: "Rui Tavares", job: "marketing", role: "admin"},
	{name: "Marta Lopes", job: "design", role: "member"},
}

// jobMix are the jobs of the people who are not in the tables, in turn.
var jobMix = []string{
	"engineering", "support", "product", "engineering", "sales", "design", "marketing", "engineering", "support", "finance", "product",
	"engineering", "design", "sales", "operations",
}

// First and last names, from which further people are made.
var (
	europeanNames = []string{
		"Anna Schmidt", "Lukas Brandt", "Clara Neumann", "Felix Hoffmann", "Marie Keller", "Paul Richter", "Emma Lorenz", "Ben Krüger",
		"Nora Winkler", "Jan Kowalski", "Zofia Nowak", "Luca Moretti", "Giulia Conti", "Hugo Laurent", "Camille Petit", "Anders Holm",
		"Freja Madsen", "Pieter de Vries", "Sanne Bakker", "Mateo García", "Lucía Romero", "Deniz Yılmaz", "Milan Horvat", "Petra Svobodová",
		"Oskar Berg", "Ida Nyström", "Tobias Frank", "Mila Vogt", "Leon Schäfer", "Johanna Busch", "Moritz Seidel", "Greta Arnold",
	}
	americanNames = []string{
		"Ashley Carter", "Tyrone Jackson", "Megan O'Neill", "Luis Herrera", "Brittany Cole", "Derek Nguyen", "Hannah Stein", "Andre Lewis",
		"Paige Sullivan", "Victor Ramos", "Monica Chu", "Evan Fletcher", "Tasha Greene", "Ian McAllister", "Rosa Delgado", "Trevor Hayes",
		"Lindsay Park", "Omar Haddad", "Claire Donovan", "Jamal Whitfield",
	}
	indianNames = []string{
		"Meera Krishnan", "Arjun Desai", "Neha Banerjee", "Vikram Shetty", "Pooja Reddy", "Aditya Joshi", "Lakshmi Pillai", "Imran Qureshi",
	}
)
