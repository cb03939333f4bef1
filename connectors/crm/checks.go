package crm

import (
	"regexp"
	"strconv"
	"strings"
)

// checked takes in a CHECK over columns of the table. A column that may not be null
// and whose check allows but some values ("sex IN ('M', 'F')") gets the first value
// that the check names as what stands for an emptied one: the same for everybody, it
// says nothing of anybody.
func (t *table) checked(columns []string, text string) {
	for _, n := range columns {
		c := t.column(n)
		if c == nil || !c.notNull || c.fallback != "" {
			continue
		}
		if c.affinity == affInteger || c.affinity == affReal {
			c.fallback = firstNumber(text)
		} else if m := plainLiteral.FindAllStringSubmatch(text, 2); len(m) > 1 {
			c.fallback = m[0][1]
		}
	}
}

// firstNumber is the least number of a range that a check allows, or the first of
// several; "" where the check names one alone, which might be somebody's.
func firstNumber(text string) string {
	if m := lowest.FindStringSubmatch(text); m != nil {
		n, err := strconv.ParseInt(m[2], 10, 64)
		if err == nil && m[1] == "" {
			n++
		}
		return strconv.FormatInt(n, 10)
	}
	if all := wholeNumber.FindAllString(text, 2); len(all) > 1 {
		return all[0]
	}
	return ""
}

var (
	wholeNumber  = regexp.MustCompile(`\b[0-9]{1,9}\b`)
	lowest       = regexp.MustCompile(`>\s*(=?)\s*\(?([0-9]{1,9})\b`)
	plainLiteral = regexp.MustCompile(`'([\pL\pN][\pL\pN _-]*)'`)
	checkWord    = regexp.MustCompile(`(?i)\bcheck\s*\(`)
	bareWord     = regexp.MustCompile(`[\pL_][\pL\pN_]*`)
)

// checksOf takes the CHECKs out of the statement that made a table.
func checksOf(sql string) []string {
	var out []string
	for _, at := range checkWord.FindAllStringIndex(sql, -1) {
		depth, quoted := 0, false
		for i := at[1] - 1; i < len(sql); i++ {
			switch {
			case sql[i] == '\'':
				quoted = !quoted
			case quoted:
			case sql[i] == '(':
				depth++
			case sql[i] == ')':
				depth--
			}
			if depth == 0 {
				out = append(out, sql[at[1]:i])
				break
			}
		}
	}
	return out
}

// wordsOf lists what may be names of columns in a check.
func wordsOf(check string) []string {
	return bareWord.FindAllString(plainLiteral.ReplaceAllString(check, ""), -1)
}

// The country's code as numbers are written with it, and the number that people type
// when they have none: it is nobody's, and a check of digits lets it pass.
var (
	countryCode = regexp.MustCompile(`^\+?91[ -]?`)
	nobodys     = "9999999999"
)

// numbers lists stand-ins for a telephone number that keep the country's code, where
// a check asks for it.
func numbers(s string) []string {
	code := countryCode.FindString(s)
	rest := s[len(code):]
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, rest)
	if len(digits) != len(nobodys) {
		if code, rest = "", s; len(strings.Trim(s, "0123456789")) > 0 || len(s) != len(nobodys) {
			return nil
		}
	}
	out := []string{code + nobodys}
	if code != "" {
		out = []string{code + number(rest), code + nobodys}
	}
	return out
}

// standsIn reports what numbers made.
func standsIn(s string) bool {
	code := countryCode.FindString(s)
	rest := s[len(code):]
	return rest == nobodys || code != "" && len(rest) >= len(nobodys) && standIn(rest)
}

// maskedPAN stands in for a permanent account number: its serial 0000 is never given.
const maskedPAN = "XXXPX0000X"

// pan is the shape of a permanent account number, and nobodysPAN one that is nobody's.
var (
	pan        = regexp.MustCompile(`^[A-Z]{5}[0-9]{4}[A-Z]$`)
	nobodysPAN = regexp.MustCompile(`^[A-Z]{3}P[A-Z]0000[A-Z]$`)
)

// capitals lists stand-ins for a text in capital letters, where a check asks for some.
func capitals(s string) []string {
	if pan.MatchString(s) {
		letters := []byte(maskedPAN)
		for _, i := range []int{0, 1, 2, 4, 9} {
			letters[i] = byte('A' + randomInt(-1, 25))
		}
		return []string{maskedPAN, string(letters)}
	}
	if m := mask(s); shouted(strings.ToUpper(m)) && s == strings.ToUpper(s) {
		return []string{strings.ToUpper(m)}
	}
	return nil
}

// shouted reports what capitals made. Shorter texts of an X are somebody's, such as a gender.
func shouted(s string) bool {
	return nobodysPAN.MatchString(s) || strings.Count(s, "X") > 3 && strings.ToUpper(mask(s)) == s
}
