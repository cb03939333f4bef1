package chat

import (
	"bufio"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
)

// benchMessages is how many messages the chat of the benchmark has.
const benchMessages = 20_000

// plainMessage is what a program that reads chats line by line would keep.
type plainMessage struct {
	at           time.Time
	author, text string
}

var plainHeader = regexp.MustCompile(`^(\d\d/\d\d/\d\d, \d\d:\d\d) - ([^:]+): `)

// plain reads a chat of one known form: a scanner for lines, a pattern for
// headers, the standard library for times.
func plain(talk string) ([]plainMessage, error) {
	var out []plainMessage
	s := bufio.NewScanner(strings.NewReader(talk))
	for s.Scan() {
		m := plainHeader.FindStringSubmatchIndex(s.Text())
		if m == nil {
			out[len(out)-1].text += "\n" + s.Text()
			continue
		}
		at, err := time.Parse("02/01/06, 15:04", s.Text()[m[2]:m[3]])
		if err != nil {
			return nil, err
		}
		out = append(out, plainMessage{at, s.Text()[m[4]:m[5]], s.Text()[m[1]:]})
	}
	return out, s.Err()
}

// BenchmarkDecode reads a chat through the codec, and line by line as above, and
// prints messages a second of both and the ratio of their times (times_plain, at
// most 2 is the goal). Both must find every message.
func BenchmarkDecode(b *testing.B) {
	var t strings.Builder
	for i := range benchMessages {
		who := "Agent"
		if i%2 == 0 {
			who = "+91 98765 40001"
		}
		fmt.Fprintf(&t, "%02d/04/26, %02d:%02d - %s: is the press in stock? the last one came late\n", 1+i*28/benchMessages, i/60%24, i%60, who)
		if i%5 == 0 {
			t.WriteString("please tell me before noon\n")
		}
	}
	talk := t.String()
	b.SetBytes(int64(len(talk)))
	var ours, theirs time.Duration
	for b.Loop() {
		at := time.Now()
		n := 0
		err := text("+91 98765 40001").Decode(context.Background(), input(talk), func(b connectors.Batch) error {
			n += int(b.Rows.NumRows())
			b.Rows.Release()
			return nil
		})
		ours += time.Since(at)
		if err != nil || n != benchMessages {
			b.Fatalf("%d messages, %v", n, err)
		}
		b.StopTimer()
		at = time.Now()
		list, err := plain(talk)
		theirs += time.Since(at)
		if err != nil || len(list) != benchMessages {
			b.Fatalf("line by line: %d messages, %v", len(list), err)
		}
		b.StartTimer()
	}
	b.ReportMetric(benchMessages*float64(b.N)/ours.Seconds(), "records/s")
	b.ReportMetric(benchMessages*float64(b.N)/theirs.Seconds(), "plain_records/s")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "times_plain")
}
