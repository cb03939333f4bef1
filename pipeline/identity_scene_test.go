package pipeline

import (
	"fmt"
	"strings"
)

// spelt writes a name as people and systems do; now and then it is missing.
func (c *company) spelt(p somebody) string {
	switch c.r.IntN(7) {
	case 0:
		return ""
	case 1:
		return p.first[:1] + ". " + p.last
	case 2:
		return "Mr " + p.first + " " + p.last
	case 3:
		return strings.ToUpper(p.last) + " " + p.first
	case 4:
		return p.first
	}
	return p.first + " " + p.last
}

func (c *company) spell(phone string) string {
	if phone == "" {
		return ""
	}
	return []string{"+91" + phone, phone, "0" + phone, "+91-" + phone, "+91 " + phone[:5] + " " + phone[5:], "91" + phone}[c.r.IntN(6)]
}

func (c *company) id() string { c.ids++; return fmt.Sprint(c.ids) }

func (c *company) at(year int) string {
	return fmt.Sprintf("%d-%02d-%02dT10:00:00+05:30", year, 1+c.r.IntN(12), 1+c.r.IntN(28))
}

// lead plants a lead. own says that phone and mail are hers alone; a mail always is.
func (c *company) lead(p somebody, phone, mail, name string, year int, own bool) string {
	id := c.id()
	if c.r.IntN(3) == 0 {
		mail = strings.ToUpper(mail)
	}
	c.rows["leads"] = append(c.rows["leads"], map[string]string{"id": id, "account_id": p.account, "name": name, "phone": c.spell(phone), "email": mail, "at": c.at(year)})
	c.plant("leads "+id, p, phone, mail, own)
	return id
}

func (c *company) plant(record string, p somebody, phone, mail string, own bool) {
	c.truth[record] = p.n
	if phone != "" && own {
		c.strong[record] = append(c.strong[record], p.account+" phone "+phone)
	}
	if mail != "" && !strings.HasPrefix(strings.ToLower(mail), "info@") {
		c.strong[record] = append(c.strong[record], p.account+" mail "+strings.ToLower(mail))
	}
}

// call plants a call with an agent, tied to her by the lead.
func (c *company) call(p somebody, lead string) {
	id := c.id()
	c.rows["calls"] = append(c.rows["calls"], map[string]string{"id": id, "account_id": p.account, "lead_id": lead, "from_number": c.spell(p.phone), "to_number": "+91" + c.staff[c.r.IntN(len(c.staff))], "at": c.at(2025)})
	c.truth["calls "+id] = p.n
	c.strong["calls "+id] = append(c.strong["calls "+id], "lead "+lead)
	c.strong["leads "+lead] = append(c.strong["leads "+lead], "lead "+lead)
}

// switchboard plants colleagues behind one number, each with a mail of her own.
func (c *company) switchboard(n int, account string) int {
	board := c.newPhone()
	for k := range 10 {
		p := c.person(n+k, account)
		p.first = benchFirst[(n+k*3)%len(benchFirst)]
		for range 1 + c.r.IntN(3) {
			c.lead(p, board, p.mail, p.first+" "+p.last, 2025, false)
		}
	}
	return 10
}

// family plants two or three people on one phone.
func (c *company) family(n int, account string) int {
	shared, size := c.newPhone(), 2+c.r.IntN(2)
	last := benchLast[c.r.IntN(len(benchLast))]
	for k := range size {
		p := c.person(n+k, account)
		p.first, p.last = benchFirst[(n+k*5)%len(benchFirst)], last
		for range 1 + c.r.IntN(3) {
			c.lead(p, shared, p.mail, p.first+" "+p.last, 2025, false)
		}
	}
	return size
}

// reissued plants a number that an operator gave to somebody else.
func (c *company) reissued(n int, account string) int {
	old, now := c.person(n, account), c.person(n+1, account)
	now.phone, now.first, now.last = old.phone, benchFirst[(n+1)%len(benchFirst)], benchLast[(n+3)%len(benchLast)]
	old.first, old.last = benchFirst[(n+9)%len(benchFirst)], benchLast[(n+8)%len(benchLast)]
	for i, p := range []somebody{old, now} {
		year := 2018 + i*6
		for k := range 2 + c.r.IntN(2) {
			name := ""
			if k == 0 {
				name = p.first + " " + p.last
			}
			c.lead(p, p.phone, map[bool]string{true: p.mail}[k != 1], name, year, false)
		}
	}
	return 2
}

// namesakes plants people of one name who have nothing else in common.
func (c *company) namesakes(n int, account string) int {
	a, b := c.person(n, account), c.person(n+1, account)
	b.first, b.last = a.first, a.last
	for _, p := range []somebody{a, b} {
		for range 2 {
			c.lead(p, p.phone, p.mail, p.first+" "+p.last, 2025, true)
		}
	}
	return 2
}

// office plants colleagues with one landline and one role mailbox.
func (c *company) office(n int, account string) int {
	landline, mailbox := fmt.Sprintf("0712%07d", 2000000+c.r.IntN(900000)), fmt.Sprintf("info@firm%d.example.com", n)
	for k := range 4 {
		p := c.person(n+k, account)
		p.first, p.last = benchFirst[(n+k*7)%len(benchFirst)], benchLast[(n+k*5)%len(benchLast)]
		id := c.id()
		c.rows["leads"] = append(c.rows["leads"], map[string]string{"id": id, "account_id": account, "name": p.first + " " + p.last, "phone": landline, "email": mailbox, "at": c.at(2025)})
		c.truth["leads "+id] = p.n
		c.lead(p, p.phone, "", p.first+" "+p.last, 2025, true)
		c.lead(p, p.phone, p.mail, "", 2025, true)
	}
	return 4
}

// twoAccounts plants one human who is a customer of two companies: two subjects.
func (c *company) twoAccounts(n int) int {
	a := c.person(n, "A1")
	b := a
	b.n, b.account = n+1, "A2"
	for _, p := range []somebody{a, b} {
		for range 2 {
			c.lead(p, p.phone, p.mail, p.first+" "+p.last, 2025, true)
		}
	}
	return 2
}

// typo plants a record of hers under a number that is somebody else's.
func (c *company) typo(n int, account string) int {
	a, b := c.person(n, account), c.person(n+1, account)
	a.first, a.last = benchFirst[(n+2)%len(benchFirst)], benchLast[(n+4)%len(benchLast)]
	b.first, b.last = benchFirst[(n+7)%len(benchFirst)], benchLast[(n+11)%len(benchLast)]
	for range 2 {
		c.lead(a, a.phone, a.mail, a.first+" "+a.last, 2025, true)
		c.lead(b, b.phone, b.mail, b.first+" "+b.last, 2025, false)
	}
	c.lead(a, b.phone, a.mail, a.first+" "+a.last, 2025, false)
	return 2
}

// merged plants two contacts of one person, one merged into the other, and what
// hangs on each.
func (c *company) merged(n int, account string) int {
	p, phone2 := c.person(n, account), c.newPhone()
	first, second := c.id(), c.id()
	for i, id := range []string{first, second} {
		row := map[string]string{"id": id, "account_id": account, "name": p.first + " " + p.last, "phone": c.spell([]string{p.phone, phone2}[i]), "at": c.at(2025)}
		if i == 1 {
			row["merged_into"] = first
		}
		c.rows["contacts"] = append(c.rows["contacts"], row)
		c.plant("contacts "+id, p, []string{p.phone, phone2}[i], "", true)
		c.strong["contacts "+id] = append(c.strong["contacts "+id], "merge "+first)
	}
	c.lead(p, phone2, p.mail, c.spelt(p), 2025, true)
	c.lead(p, p.phone, "", "", 2025, true)
	return 1
}
