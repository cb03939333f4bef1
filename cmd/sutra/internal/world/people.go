package world

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// The tags of special people. Everybody else is ordinary.
const (
	TagRich          = "rich"           // a copy in every place
	TagSwitchboard   = "switchboard"    // one of 6 to 12 people behind one number
	TagFamily        = "family"         // two people, one phone
	TagTwoAccounts   = "two_accounts"   // one human, customer of two accounts: two subjects
	TagStaffCustomer = "staff_customer" // a member of staff who is a customer
	TagMerged        = "merged"         // a duplicate that was merged
	TagConference    = "conference"     // one of two callers on a recording
	TagPlaceholder   = "placeholder"    // known by e-mail only: placeholder phone and name
	TagRoleMailbox   = "role_mailbox"   // wrote from info@
	TagCookie        = "cookie"         // has analytics events
	TagRecorded      = "recorded"       // has recordings
)

// period is how often the special cast comes on stage again.
const period = 250

// Person is one planted subject, as truth/people.ndjson has her.
type Person struct {
	ID          string   `json:"id"`
	Account     string   `json:"account"`
	Name        string   `json:"name"`
	Phones      []string `json:"phones"`       // national numbers, 10 digits, hers alone
	SharedPhone string   `json:"shared_phone"` // a number that others have too, or ""
	Emails      []string `json:"emails"`
	Cookie      string   `json:"cookie"`
	Leads       []string `json:"leads"` // primary keys in crm.leads
	Tags        []string `json:"tags"`
	// Open lists those of her identifiers that may stay after her erasure because
	// they are also something else: the phone and mailbox of a member of staff.
	Open []string `json:"open,omitempty"`
}

// Has reports whether the person carries the tag.
func (p *Person) Has(tag string) bool {
	for _, t := range p.Tags {
		if t == tag {
			return true
		}
	}
	return false
}

// soul is a person while she is being planted.
type soul struct {
	Person
	n           int // index from 0
	r           *rand.Rand
	first, last string
	phone2      string // her second number, or ""
	contact     int64  // primary key in crm.contacts, 0 if she has none
	firstTouch  time.Time
}

func (s *soul) email() string { return s.Emails[0] }

// mobile is the number she is reached at; "" for the placeholder people.
func (s *soul) mobile() string {
	if len(s.Phones) > 0 {
		return s.Phones[0]
	}
	return s.SharedPhone
}

// own reports whether her first number leads to her and nobody else.
func (s *soul) own() bool { return len(s.Phones) > 0 && !s.Has(TagStaffCustomer) }

// writes returns her number in a style, the placeholder if she has none.
func (s *soul) writes(style string) string {
	if s.mobile() == "" {
		return spell(placeholder, style)
	}
	return spell(s.mobile(), style)
}

// chance is true with the given probability, and always for the rich.
func (s *soul) chance(share float64) bool {
	x := s.r.Float64()
	return s.Has(TagRich) || x < share
}

// tagOf returns the tag at index n, and the index of the first of her group.
func tagOf(n int) (tag string, head int) {
	block, o := n/period, n%period
	board := 6 + block%7
	switch {
	case o < board:
		return TagSwitchboard, n - o
	case o == 12 || o == 13:
		return TagFamily, n - o + 12
	case o == 14 || o == 15:
		return TagTwoAccounts, n - o + 14
	}
	tag = map[int]string{
		16: TagStaffCustomer, 17: TagMerged, 18: TagConference, 19: TagConference, 20: TagRich, 21: TagRich,
		22: TagPlaceholder, 23: TagRoleMailbox,
	}[o]
	return tag, n
}

// accountOf returns the account of the person at index n.
func (w *builder) accountOf(n int, tag string) string {
	block := n / period
	if tag == TagTwoAccounts && n%period == 15 {
		return "A2"
	}
	if tag != "" {
		if tag == TagTwoAccounts {
			return "A1"
		}
		return []string{"A1", "A2", "A1", "A5"}[block%4]
	}
	switch x := mix(w.o.Seed^mix(uint64(n)+0xacc)) % 100; {
	case x < 52:
		return "A1"
	case x < 77:
		return "A2"
	case x < 87:
		return "A3"
	case x < 92:
		return "A4"
	}
	return "A5"
}

// soul returns the person at index n: the same one whenever it is asked, so that
// records of one person can name another without a list of all of them.
func (w *builder) soul(n int) *soul {
	tag, head := tagOf(n)
	s := &soul{n: n, r: rand.New(rand.NewPCG(w.o.Seed, mix(uint64(n)+1)))}
	s.Phones, s.Leads, s.Tags = []string{}, []string{}, []string{}
	s.ID, s.Account = fmt.Sprintf("P%07d", n), w.accountOf(n, tag)
	if tag != "" {
		s.Tags = []string{tag}
	}
	who := n
	if tag == TagTwoAccounts {
		who = head
	}
	s.first = firstNames[who*5%len(firstNames)]
	s.last = lastNames[(who*7+who/len(firstNames))%len(lastNames)]
	s.Name = s.first + " " + s.last
	s.Emails = []string{lower(s.first) + "." + lower(s.last) + strconv.Itoa(who) + "@example." + pick(s.r, "com", "in", "org")}
	slot := func(i, k int) string { return phoneAt(w.o.Seed, uint64(i)*slots+uint64(k)*4) }
	switch tag {
	case TagSwitchboard, TagFamily, TagTwoAccounts:
		s.SharedPhone = slot(head, 2)
		if tag == TagTwoAccounts {
			s.Emails[0] = lower(s.first) + "." + lower(s.last) + strconv.Itoa(who) + "@example.net"
		}
	case TagPlaceholder:
	case TagStaffCustomer:
		s.Phones = []string{slot(n, 0)}
		s.Emails = append(s.Emails, "staff."+lower(s.first)+strconv.Itoa(n)+"@"+lower(s.Account)+".example.com")
		s.Open = []string{s.Phones[0], s.Emails[1]}
	default:
		s.Phones = []string{slot(n, 0)}
	}
	if tag == TagRich && n%2 == 1 || tag == "" && n%9 == 0 {
		s.phone2 = slot(n, 1)
		s.Phones = append(s.Phones, s.phone2)
		s.Emails = append(s.Emails, lower(s.first)+"."+lower(s.last)+strconv.Itoa(n)+"+office@example.com")
	}
	s.firstTouch = w.ago(s.r, pick(s.r, 20, 60, 120, 200, 330, 390, 430, 600))
	s.Cookie = w.cookie(uint64(n), s.firstTouch)
	return s
}

// cookie returns the n-th client id, first set at the given time.
func (w *builder) cookie(n uint64, first time.Time) string {
	return fmt.Sprintf("%d.%d", cookieSpace+affine(n, cookieMult, mix(w.o.Seed^0xc00c1e), cookieSpace), first.Unix())
}

// other returns somebody of the same account, with a number of her own, who may
// stand in a record of s; nil if there is nobody within reach.
func (w *builder) other(s *soul, skip int) *soul {
	for i := 1; i < period && i < w.o.People; i++ {
		n := (s.n + i) % w.o.People
		tag, _ := tagOf(n)
		if tag != "" && tag != TagRich || w.accountOf(n, tag) != s.Account || n == s.n {
			continue
		}
		if skip--; skip < 0 {
			return w.soul(n)
		}
	}
	return nil
}
