package bundle

import "sync/atomic"

// pressAhead is how many batches may wait for a press. One of many times batchText, which
// a large record makes, is waited for instead.
const pressAhead = 4

// press writes to the spools of tables on a goroutine of its own: encoding records, their
// digests, compression and encipherment cost more than getting them, which goes on
// meanwhile. A spool gets the batches in the order in which they came.
type press struct {
	jobs   chan pressJob
	quit   chan struct{} // closed by stop
	done   chan struct{} // closed when the goroutine has ended
	free   chan *batch   // batches that nobody has any more; of both presses
	failed atomic.Pointer[error]
}

type pressJob struct {
	out   *output
	rows  *batch
	last  bool
	reply chan error // told when the batch is written; nil: nobody waits
}

// startPresses starts one for each of the files that a table has.
func startPresses() (list [2]*press) {
	free := make(chan *batch, pressAhead)
	for i := range list {
		p := &press{jobs: make(chan pressJob, pressAhead), free: free, quit: make(chan struct{}), done: make(chan struct{})}
		go p.run()
		list[i] = p
	}
	return list
}

func (p *press) run() {
	defer close(p.done)
	for {
		select {
		case <-p.quit:
			return
		case j := <-p.jobs:
			p.job(j)
		}
	}
}

func (p *press) job(j pressJob) {
	err := j.out.take(j.rows, j.last)
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
	}
	if j.rows.users.Add(-1) == 0 {
		select {
		case p.free <- j.rows:
		default:
		}
	}
	if j.reply != nil {
		j.reply <- err
	}
}

// give hands a batch over. Its error may be that of an earlier one. wait is for the
// answer, nil when none is to be waited for: the last batch of a file and a large one
// are.
func (p *press) give(o *output, b *batch, last bool) (wait func() error, err error) {
	if err := p.failed.Load(); err != nil {
		return nil, *err
	}
	j := pressJob{out: o, rows: b, last: last}
	if last || len(b.text) > pressAhead*batchText {
		j.reply = make(chan error, 1)
	}
	select {
	case <-p.quit:
		return nil, ErrClosed
	case p.jobs <- j:
	}
	if j.reply == nil {
		return nil, nil
	}
	return func() error {
		select {
		case <-p.done:
			return ErrClosed
		case err := <-j.reply:
			return err
		}
	}, nil
}

// stop ends the goroutine and waits for it. What was not written is not.
func (p *press) stop() {
	close(p.quit)
	<-p.done
}
