package crm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Timestamps that come as numbers are spelled as the server spells them, and those that
// only the server can spell come from it: in the middle of a unit, and after it.
func TestPostgresTimes(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id!", `CREATE TABLE t (id BIGINT PRIMARY KEY, at TIMESTAMPTZ, naive TIMESTAMP);
		INSERT INTO t SELECT i, x, x AT TIME ZONE 'UTC' FROM (SELECT i, timestamptz '1946-01-01 00:00+00' + i * interval '17 days 5:07:11.123457' + i % 3 * interval '0.000543 s' AS x FROM generate_series(1, 24000) AS i) AS s;
		INSERT INTO t SELECT -1 - i, x, x FROM (SELECT row_number() OVER () AS i, x::timestamptz FROM unnest(ARRAY['1969-12-31 23:59:59.9+00', '1970-01-01 00:00+05:30', '1970-01-01', '2000-01-01', '2000-01-01 00:00:00.1', '2024-02-29 18:29:59.999999+00', '2024-02-29 18:30:00+00', NULL]) AS x) AS s`)
	compare := func(when string) {
		t.Helper()
		want := map[string]string{}
		for _, r := range f.rows("SELECT id, at::text, naive::text FROM set_config('TimeZone', 'Asia/Kolkata', true), t") {
			id, rest, _ := strings.Cut(r, "|")
			want["pk="+id] = rest
		}
		for _, u := range f.units() {
			locs, recs := f.read(u.Key)
			if len(locs) != len(recs) {
				t.Errorf("%s, %s: %d rows were read, which are %d", when, u.Key, len(locs), len(recs))
			}
			for loc, r := range recs {
				at, known := r["at"]
				naive := r["naive"]
				if !known {
					at, naive = "<nil>", "<nil>"
				}
				if at+"|"+naive != want[loc] {
					t.Errorf("%s, %s: %s|%s, the server says %s", when, loc, at, naive, want[loc])
				}
				delete(want, loc)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: %d rows were not read", when, len(want))
		}
	}
	spelled := func() bool { return len(f.src.d.(*postgres).spelled) > 0 }
	if compare("near"); spelled() {
		t.Error("the server spelled timestamps that are near")
	}
	for i, far := range []string{"1945-12-31 23:59:59+00", "1941-12-01 12:00+00", "1850-01-01", "0044-03-15 12:00:00.25 BC", "infinity", "-infinity", "9999-12-31 00:00+00", "12345-01-01"} {
		f.src.d.(*postgres).spelled = nil
		f.exec(fmt.Sprintf("UPDATE t SET at = '%s' WHERE id = %d", far, 5000+2500*(i%4)))
		if compare(far); !spelled() {
			t.Errorf("%s was spelled here", far)
		}
		compare(far + ", again")
	}
}

// Every moment is spelled as package time spells it, whatever was spelled before.
func TestTimeText(t *testing.T) {
	india := time.FixedZone("", 330*60)
	x, y := &timeText{zoned: true}, &timeText{}
	for i := range 20_000 {
		micros := firstTime + int64(i)*((lastTime-firstTime)/20_000) + int64(i%7)*137
		if i%3 == 0 {
			micros -= micros % 1_000_000
		}
		at := time.UnixMicro(micros + pgEpoch)
		for _, c := range []struct {
			by   *timeText
			want string
		}{{x, at.In(india).Format("2006-01-02 15:04:05.999999-07:00")}, {y, at.UTC().Format("2006-01-02 15:04:05.999999")}} {
			got, err := c.by.spell(binary.BigEndian.AppendUint64(nil, uint64(micros)))
			if err != nil || string(got) != c.want {
				t.Fatalf("%s (%v), want %s", got, err, c.want)
			}
		}
	}
	for _, micros := range []int64{firstTime - 1, lastTime, -1 << 63, 1<<63 - 1} {
		if _, err := x.spell(binary.BigEndian.AppendUint64(nil, uint64(micros))); !errors.Is(err, errFarTime) {
			t.Errorf("%d: %v", micros, err)
		}
	}
	if _, err := x.spell([]byte("2024-01-01")); err == nil || errors.Is(err, errFarTime) {
		t.Errorf("%v", err)
	}
}
