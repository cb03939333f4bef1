package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// BenchmarkIdentity resolves an adversarial company and measures, over all pairs
// of records, how many of the joined ones are of one person (precision), how many
// of those that exclusive evidence supports were joined (recall), and the largest
// subject. Each record is asked for by its own id.
func BenchmarkIdentity(b *testing.B) {
	people := 4000
	if testing.Short() {
		people = 400
	}
	for b.Loop() {
		c := newCompany(people, 7)
		m := c.measure(b)
		b.ReportMetric(m.precision(), "precision")
		b.ReportMetric(m.recall(), "recall")
		b.ReportMetric(float64(m.largest), "largest")
		b.ReportMetric(float64(len(c.truth)), "records")
	}
}

// TestIdentityNeverJoinsTwoPeople holds the precision on a smaller company: no two
// people are ever joined, whatever the seed; and that the supported joins are made.
func TestIdentityNeverJoinsTwoPeople(t *testing.T) {
	for seed := range uint64(3) {
		c := newCompany(400, seed)
		m := c.measure(t)
		if m.joined != m.right {
			t.Errorf("seed %d: %d of %d joined pairs are of two people, such as %v", seed, m.joined-m.right, m.joined, m.wrong)
		}
		if m.recall() < .98 {
			t.Errorf("seed %d: recall %.4f of %d supported pairs; not joined are such as %v", seed, m.recall(), m.supported, m.missed)
		}
	}
}

// company is a synthetic CRM with planted truth.
type company struct {
	r      *rand.Rand
	staff  []string
	rows   map[string][]map[string]string // collection → rows
	truth  map[string]int                 // record ("leads 7") → person
	strong map[string][]string            // record → exclusive identifiers in it
	ids    int
	phones map[string]bool
	sights []lineage.Found
	hash   benchHasher
}

// benchHasher hashes without a secret.
type benchHasher struct{}

func (benchHasher) Token(kind, value string) lineage.Token {
	s := sha256.Sum256([]byte(kind + "\x00" + value))
	return lineage.Token(s[:16])
}

func (benchHasher) Word(s string) uint32 {
	h := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint32(h[:])
}

func (benchHasher) Sum([]byte) uint64 { return 1 }

// somebody is a planted person.
type somebody struct {
	n                  int
	account            string
	first, last, phone string
	mail               string
}

var (
	benchFirst = strings.Fields("Aarav Bela Charu Dinesh Esha Firoz Gauri Hemant Indu Jaya Kabir Leela Madhav Nisha Omkar Padma Rahul Sarita Tanvi Umesh Vidya Waseem Yamini Zubin Alka Bharat")
	benchLast  = strings.Fields("Agarwal Bhatt Chopra Dalal Ghosh Hegde Jain Kamat Lal Malik Nambiar Ojha Parekh Raman Sethi Tiwari Varghese Wagle Yadav")
)

func newCompany(people int, seed uint64) *company {
	c := &company{r: rand.New(rand.NewPCG(seed, 99)), rows: map[string][]map[string]string{}, truth: map[string]int{}, strong: map[string][]string{}, phones: map[string]bool{}}
	for range 6 {
		c.staff = append(c.staff, c.newPhone())
	}
	for i, p := range c.staff {
		c.rows["users"] = append(c.rows["users"], map[string]string{"id": fmt.Sprint(i), "account_id": "A1", "name": "Agent", "phone": "+91" + p})
	}
	for n := 0; n < people; {
		n += c.scene(n)
	}
	c.extract()
	return c
}

func (c *company) newPhone() string {
	for {
		p := fmt.Sprintf("%s%08d", []string{"70", "92", "93", "98"}[c.r.IntN(4)], c.r.IntN(1e8))
		if !c.phones[p] && !extract.Placeholder(p) {
			c.phones[p] = true
			return p
		}
	}
}

func (c *company) person(n int, account string) somebody {
	p := somebody{n: n, account: account, first: benchFirst[c.r.IntN(len(benchFirst))], last: benchLast[c.r.IntN(len(benchLast))], phone: c.newPhone()}
	p.mail = fmt.Sprintf("%s.%s%d@example.com", strings.ToLower(p.first), strings.ToLower(p.last), n)
	return p
}

// scene plants people who belong together in some way and returns their number.
func (c *company) scene(n int) int {
	account := []string{"A1", "A2"}[c.r.IntN(2)]
	switch x := c.r.IntN(100); {
	case x < 3:
		return c.switchboard(n, account)
	case x < 10:
		return c.family(n, account)
	case x < 14:
		return c.reissued(n, account)
	case x < 18:
		return c.namesakes(n, account)
	case x < 21:
		return c.office(n, account)
	case x < 24:
		return c.twoAccounts(n)
	case x < 25:
		p := c.person(n, account)
		for range 40 {
			c.lead(p, p.phone, p.mail, c.spelt(p), 2025, true)
		}
		return 1
	case x < 28:
		return c.typo(n, account)
	case x < 31:
		return c.merged(n, account)
	}
	p := c.person(n, account)
	for range 1 + c.r.IntN(6) {
		phone, mail := p.phone, p.mail
		switch c.r.IntN(4) {
		case 0:
			phone = ""
		case 1:
			mail = ""
		}
		lead := c.lead(p, phone, mail, c.spelt(p), 2025, true)
		if c.r.IntN(3) == 0 {
			c.call(p, lead)
		}
	}
	return 1
}
