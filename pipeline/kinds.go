package pipeline

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// kinds is what the catalogs say of identifier kinds.
type kinds struct {
	alias  map[string]string // "lead" and "crm.leads" → "crm.leads.id"
	unique map[string]bool
	medium map[string]bool
	links  map[string]bool
	ident  map[string]bool
	bare   map[string]bool                    // lead to no person: see extract.Extractor
	bridge map[string]bool                    // ids of bridges: see kinds.bridges
	fold   map[string]connectors.Comparison   // of keys: see extract.Extractor
	parts  map[string][]connectors.Comparison // of composite keys: see extract.Extractor
	tenant bool                               // some records tell their account
	// referredTo are the link kinds that some record may refer to.
	referredTo map[string]bool
	persons    map[string]bool // ids of rows with a way to reach somebody: see extract.Extractor
	may        map[string]bool // are referred to by columns of which nothing says whether they lead to the person
}

func newKinds(sources []*Source) kinds {
	k := kinds{alias: map[string]string{}, unique: map[string]bool{}, medium: map[string]bool{}, links: map[string]bool{}, ident: map[string]bool{}, bare: map[string]bool{}, bridge: map[string]bool{}, fold: map[string]connectors.Comparison{}, parts: map[string][]connectors.Comparison{}, referredTo: map[string]bool{}, may: map[string]bool{}, persons: map[string]bool{}}
	for _, id := range []string{"phone", "email", "wa_id", "bsuid", "cookie", "device_id", "aadhaar", "pan", "upi"} {
		k.ident[id] = true
	}
	short := map[string][]string{}
	for _, src := range sources {
		k.tenant = k.tenant || src.Account != connectors.AccountRule{}
		people := registers(src)
		for _, coll := range src.Dataset.Collections {
			k.tenant = k.tenant || coll.Account != ""
			if src.Connector == "recordings" {
				k.medium[src.Name+"."+coll.Name+".key"] = true
				k.medium[src.Name+".recording"] = true
			}
			k.said(coll.Fields)
			k.referred(src, coll)
			pk := coll.PrimaryKey()
			if len(pk) == 0 {
				continue
			}
			kind := keyKind(src.Name, coll)
			if c := keyComparison(src, coll, pk[0]); len(pk) == 1 && c != (connectors.Comparison{}) {
				k.fold[kind] = c
			}
			if len(pk) > 1 {
				for _, n := range pk {
					k.parts[kind] = append(k.parts[kind], comparison(coll, n))
				}
			}
			one := singular(coll.Name)
			for _, n := range []string{coll.Name, one, title(coll.Name), title(one)} {
				k.alias[src.Name+"."+n] = kind
			}
			if tables(src.Connector) && (coll.Staff || coll.Accounts || !personal(src.Name, coll) || undecided(src, coll)) {
				k.bare[kind] = true
			}
			if people[coll.Name] {
				k.unique[kind] = true
			} else if !coll.Staff && !coll.Accounts && slices.ContainsFunc(coll.Fields, reaches) {
				k.persons[kind] = true
			}
			if database(src.Connector) {
				names := []string{one, coll.Name, strings.ToLower(one), strings.ToLower(coll.Name)}
				slices.Sort(names)
				for _, n := range slices.Compact(names) { // "staff" is its own singular: one name
					short[n] = append(short[n], kind)
				}
			}
		}
	}
	for n, to := range short {
		if len(to) == 1 && !k.ident[n] {
			k.alias[n] = to[0]
		}
	}
	k.words(sources)
	k.nowhere(sources)
	k.bridges(sources)
	k.refer(sources)
	return k
}

// refer takes in which kinds records may refer to.
func (k kinds) refer(sources []*Source) {
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			k.refersTo(src, coll, func(kind string) { k.referredTo[kind] = true })
			k.mayLead(src, coll)
			k.lists(coll.Fields, !database(src.Connector))
		}
	}
}

// said takes in the kinds that fields name, nested ones too.
func (k kinds) said(fields []connectors.CatalogField) {
	for _, f := range fields {
		if f.Identity != "" {
			k.ident[f.Identity] = true
		}
		for _, l := range f.Links {
			k.links[l] = true
		}
		k.said(f.Fields)
	}
}

// referred takes in the columns that foreign keys lead to beside the primary key.
func (k kinds) referred(src *Source, coll connectors.Collection) {
	for _, f := range coll.Fields {
		if !f.Referred {
			continue
		}
		kind := src.Name + "." + coll.Name + "." + f.Name
		k.fold[kind] = comparison(coll, f.Name)
		k.bare[kind] = coll.Staff || coll.Accounts || !personal(src.Name, coll)
	}
}

// personal reports whether the records of a collection are about people.
func personal(dataset string, coll connectors.Collection) bool {
	for _, f := range connectors.Columns(dataset, coll) {
		if f.Personal() {
			return true
		}
	}
	return false
}

// reaches reports a column that tells how somebody is reached whom the row is about.
func reaches(f connectors.CatalogField) bool { return f.Identity != "" && f.Role != "mention" }

func database(connector string) bool {
	return connector == "sqlite" || connector == "postgres" || connector == "mysql" || connector == "mariadb"
}

func singular(s string) string {
	switch {
	case s == "people":
		return "person"
	case s == "children":
		return "child"
	case strings.HasSuffix(s, "sses"): // addresses
		return strings.TrimSuffix(s, "es")
	case strings.HasSuffix(s, "ies"):
		return strings.TrimSuffix(s, "ies") + "y"
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss"):
		return strings.TrimSuffix(s, "s")
	}
	return s
}

func (k kinds) resolver(g lineage.View) *lineage.Resolver {
	return lineage.NewResolver(g, lineage.Kinds{
		Unique: func(kind string) bool { return k.unique[kind] }, Paper: extract.Paper,
		Link: k.link, OneAccount: !k.tenant,
		Medium: k.isMedium,
		Device: func(kind string) bool { return kind == extract.KindCookie || kind == "device_id" },
	}, lineage.DefaultLimits())
}

func (k kinds) isMedium(kind string) bool { return k.medium[kind] }

func (k kinds) link(kind string) bool {
	return strings.Contains(kind, ".") || k.links[kind] || namedLinks[kind] && !k.ident[kind]
}

// namedLinks are the link kinds that built-in connectors and JSON keys carry.
var namedLinks = map[string]bool{"indiamart_query": true, "justdial_lead": true, "facebook_lead": true, "google_lead": true, "wa_message": true, "wa_media": true, "call": true, "recording": true}
