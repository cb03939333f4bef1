package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/cratio/sutra/pipeline"
)

// newProgress shows how far a job is: bars on a terminal, otherwise a line for each
// stage that takes long enough to be asked about.
func newProgress(stderr *os.File) pipeline.Progress {
	if term.IsTerminal(int(stderr.Fd())) {
		return &bars{to: stderr}
	}
	return &lines{to: stderr, now: time.Now, every: 10 * time.Second}
}

// bars draws one bar at a time.
type bars struct {
	to  *os.File
	opt []mpb.ContainerOption
	mu  sync.Mutex
	all *mpb.Progress
	bar *mpb.Bar
}

// Stage implements pipeline.Progress.
func (b *bars) Stage(name string, steps int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end()
	b.all = mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(b.to), mpb.WithWidth(40)}, b.opt...)...)
	count, style := decor.CountersNoUnit("%d / %d"), mpb.BarFillerBuilder(mpb.BarStyle())
	if steps == 0 { // nobody knows the total: a count is all there is to show
		count, style = decor.CurrentNoUnit("%d"), mpb.NopStyle()
	}
	b.bar = b.all.New(int64(steps), style,
		mpb.PrependDecorators(decor.Name(name, decor.WC{W: 28, C: decor.DindentRight})),
		mpb.AppendDecorators(count, decor.Name(" "), decor.Elapsed(decor.ET_STYLE_GO)))
}

// Step implements pipeline.Progress.
func (b *bars) Step(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.IncrBy(n)
	}
}

// End implements pipeline.Progress.
func (b *bars) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end()
}

// Write puts a line above the bar, which would otherwise be drawn over it.
func (b *bars) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all != nil {
		return b.all.Write(p)
	}
	return b.to.Write(p)
}

func (b *bars) end() {
	if b.bar == nil {
		return
	}
	b.bar.SetTotal(-1, true) // done, however many there were
	b.all.Wait()
	b.all, b.bar = nil, nil
}

// lines writes plain lines, for logs: nothing for what is quick, one at the end of
// a stage that took a while, and one now and then meanwhile.
type lines struct {
	to    *os.File
	now   func() time.Time
	every time.Duration

	mu          sync.Mutex
	name        string
	steps, done int
	began, told time.Time
}

// Stage implements pipeline.Progress.
func (l *lines) Stage(name string, steps int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
	l.name, l.steps, l.done, l.began = name, steps, 0, l.now()
	l.told = l.began
}

// Step implements pipeline.Progress.
func (l *lines) Step(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done += n
	if at := l.now(); l.name != "" && at.Sub(l.told) >= l.every {
		l.told = at
		l.say("so far")
	}
}

// End implements pipeline.Progress.
func (l *lines) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
}

func (l *lines) end() {
	if l.name != "" && l.now().Sub(l.began) >= l.every/5 {
		l.say("done")
	}
	l.name = ""
}

func (l *lines) say(word string) {
	of := ""
	if l.steps > 0 {
		of = fmt.Sprintf(" of %d", l.steps)
	}
	fmt.Fprintf(l.to, "%s: %d%s units %s, %.0f s\n", l.name, l.done, of, word, l.now().Sub(l.began).Seconds())
}
