package parquet

import (
	"math"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

type priced struct {
	Email  string   `parquet:"email"`
	Mobile *float64 `parquet:"mobile,optional"` // whole numbers, some of which are missing
	Score  float64  `parquet:"score"`
	Short  float32  `parquet:"short"`
	OK     bool     `parquet:"ok"`
}

// TestNumbersAsDoubles: a telephone number is found in a column of doubles that nobody
// described, columns whose bounds say that none stands there are not read, and whoever is
// handed a record gets all of it.
func TestNumbersAsDoubles(t *testing.T) {
	rows := []priced{{"a@example.com", ptr(9876543210.0), 3.25, 1.5, true}, {"b@example.com", nil, math.Copysign(0, -1), 2.5, false}}
	data := write(t, rows, 1, pq.DataPageStatistics(true))
	got, gaps, err := rowsOf(t, peopleCat, data)
	if err != nil || len(gaps) > 0 || len(got) != 2 {
		t.Fatal(got, gaps, err)
	}
	if got[0]["mobile"] != "9876543210" || len(got[0]) != 3 || len(got[1]) != 2 {
		t.Errorf("found: %v", got)
	}
	one := pick(t, newMeter(data), 0, 1)
	if x := one["row 1"]; x["mobile"] != "9876543210" || x["score"] != "3.25" || x["short"] != "1.5" || x["ok"] != "true" || len(one["row 2"]) != 5 {
		t.Errorf("handed out: %v", one)
	}
	after, _, _ := rewrite(t, peopleCat, data, edit(0, connectors.Redact, func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Name == "mobile" || f.Name == "score" {
			return "", connectors.Empty
		}
		return v, connectors.Same
	}))
	if x := pick(t, newMeter(after), 0)["row 1"]; x["mobile"] != "" || x["score"] != "0" || x["ok"] != "true" {
		t.Errorf("emptied: %v", x)
	}
	for _, rows := range [][]priced{{{Mobile: ptr(math.NaN())}}, {{Mobile: ptr(9.5e9), Score: -1}, {Mobile: ptr(1.0)}}} {
		data := write(t, rows, 5)
		if got, _, err := rowsOf(t, peopleCat, data); err != nil || len(got) == 0 || got[0]["mobile"] == "" {
			t.Errorf("bounds that tell nothing: %v, %v", got, err)
		}
	}
}
