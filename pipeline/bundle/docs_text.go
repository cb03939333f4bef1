package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// readme explains how to read the bundle.
func readme(i Info, o Options) []byte {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	p("A copy of the personal data that %s holds about you", plain(i.Holder))
	p("")
	p("Made on %s. Language: English.", when(o.At))
	if i.Request.ID != "" {
		p("It answers request %s.", plain(i.Request.ID))
	}
	p("")
	p("Begin with 01_summary.md: what we hold, why, for how long, and your rights.")
	p("")
	p("data/             every record, one pair of files a dataset: JSON is exact, CSV opens")
	p("                  in a spreadsheet. In CSV an empty cell is an empty or missing value,")
	p("                  and a text that a spreadsheet would take for a formula (it begins")
	p("                  with = + - @) has a ' in front that is not part of the data. A phone")
	p("                  number written as +91... is such a text.")
	p("recordings/       recordings and attachments as they are stored")
	p("02_processing.json  what is done with the data, and where it came from")
	p("03_recipients.json  who received it")
	p("04_retention.json   how long it is kept, and when it is erased")
	p("05_rights.json      your rights, and how to use them")
	p("dictionary.json   what every field means")
	p("coverage.json     every place that was searched, also where nothing was found")
	p("redactions.json   what was masked, and why: data of other people is not in this copy")
	p("manifest.json     a checksum of every file; it is signed, so that a change shows")
	p("")
	p("Questions, corrections, complaints: %s", plain(i.Contact))
	p("This copy holds personal data. Keep it as safely as the originals.")
	return []byte(b.String())
}

// plain puts a text on one line.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// md makes a text safe for a cell of a Markdown table or a line of its own.
func md(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`).Replace(plain(s))
}

func day(s span) (string, string) {
	if s.Earliest.IsZero() {
		return "not dated", "not dated"
	}
	return s.Earliest.In(ist).Format("2006-01-02"), s.Latest.In(ist).Format("2006-01-02")
}

// summary is the first layer: one or two pages in plain words.
func summary(i Info, o Options, tables []*Table, files int) []byte {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	total := 0
	for _, t := range tables {
		total += t.stats.Records
	}
	p("# Your personal data\n")
	p("%s, as of %s.\n", md(i.Holder), when(o.At))
	if len(i.Subject) > 0 {
		p("This answer relates to: %s.", md(strings.Join(i.Subject, ", ")))
	}
	if i.Account != "" {
		p("Account: %s.", md(i.Account))
	}
	if total+files == 0 {
		p("**Do we hold personal data about you? No.** Everything listed in coverage.json was searched.\n")
	} else {
		p("**Do we hold personal data about you? Yes:** %s in %s, and %s.\n", plural(total, "record", "records"),
			plural(len(tables), "dataset", "datasets"), plural(files, "recording or attachment", "recordings and attachments"))
	}
	categoriesSection(p, tables)
	datasetsSection(p, tables)
	retentionSection(p, i)
	sharingSection(p, i)
	p("## Your rights\n")
	for _, r := range i.Rights {
		p("- **%s**: %s. %s (%s)", md(r.Name), md(r.What), md(r.How), md(r.Law))
	}
	p("\nQuestions and complaints: %s\n", plain(i.Contact))
	searchSection(p, i)
	return []byte(b.String())
}

type printer func(format string, args ...any)

func categoriesSection(p printer, tables []*Table) {
	all := map[string]*span{}
	for _, t := range tables {
		for k, c := range t.stats.categories {
			if all[c] == nil {
				all[c] = &span{}
			}
			all[c].merge(t.stats.byCategory[k])
		}
	}
	p("## Categories of data\n")
	if len(all) == 0 {
		p("None.\n")
		return
	}
	p("| category | records | earliest | latest |\n|---|---|---|---|")
	for _, c := range slices.Sorted(maps.Keys(all)) {
		if all[c].Records > 0 {
			from, to := day(*all[c])
			p("| %s | %d | %s | %s |", md(c), all[c].Records, from, to)
		}
	}
	p("")
}

func datasetsSection(p printer, tables []*Table) {
	if len(tables) == 0 {
		return
	}
	p("## Where it stands\n")
	p("| dataset | records | earliest | latest | files |\n|---|---|---|---|---|")
	for _, t := range tables {
		from, to := day(t.stats.span)
		p("| %s | %d | %s | %s | %s |", md(t.stats.name), t.stats.Records, from, to, md(t.file(".json, ")+t.name+".csv"))
	}
	p("")
}

func retentionSection(p printer, i Info) {
	p("## How long it is kept\n")
	if len(i.Retention) == 0 {
		p("See 04_retention.json.\n")
	}
	for _, r := range i.Retention {
		p("- **%s**: %s", md(r.Class), md(r.Period))
		for _, k := range r.Kept {
			until := ""
			if k.ReleaseOn != "" {
				until = ", until " + md(k.ReleaseOn)
			}
			p("  - kept longer: %s, reason %s %s%s", plural(k.Count, "record", "records"), md(k.Reason), md(k.Citation), until)
		}
	}
	p("\nThe date on which each record is erased stands beside it in data/. Backups: %s", md(i.Backups.Note))
	if i.Backups.MaxAge != "" {
		p("No backup is older than %s.", md(i.Backups.MaxAge))
	}
	p("")
}

func sharingSection(p printer, i Info) {
	p("## Purposes and recipients\n")
	for _, x := range i.Processing {
		p("- %s: %s", md(x.Category), md(x.Purpose))
	}
	for _, r := range i.Recipients {
		p("- Recipient: %s (%s), %s, %s", md(r.Name), md(r.Role), md(r.Purpose), md(r.Location))
	}
	p("- Automated decisions: %s", md(i.Automated))
	p("- Transfers outside India: %s", md(i.Transfers))
	p("- Nominee on record: %s\n", md(i.Nominee))
}

func searchSection(p printer, i Info) {
	p("## What was searched\n")
	gaps := 0
	for _, c := range i.Coverage {
		hits, doubtful := 0, 0
		unread := c.unread()
		gaps += unread
		for _, d := range c.Datasets {
			hits += d.Hits
			doubtful += d.Doubtful
		}
		say := "searched, " + strconv.Itoa(hits) + " found"
		switch {
		case !c.Searched:
			say = "not searched: " + c.WhyNot
		case hits == 0 && unread > 0:
			say = "nothing found, but not all of it could be read"
		case hits == 0 && doubtful > 0:
			say = "searched"
		case hits == 0:
			say = "searched and found empty"
		case unread > 0:
			say += ", but not all of it could be read"
		}
		if doubtful > 0 {
			say += "; " + plural(doubtful, "record", "records") + " with an identifier that others have too, not in this copy because nothing says whose"
		}
		p("- %s: %s", md(c.Source), md(say))
	}
	if gaps > 0 {
		p("\n%s could not be read; coverage.json lists each.", plural(gaps, "part", "parts"))
	}
	for _, r := range i.Redactions {
		p("\nMasked: %s (%s). %s", plural(r.Count, "value", "values"), md(r.Reason), md(r.Note))
	}
}
