package bundle

import "sync/atomic"

const (
	// pressChunk is how many bytes of a table go to the press at once.
	pressChunk = 64 << 10
	// pressAhead is how many chunks may wait for it. One of many times pressChunk, which
	// a large record makes, is waited for instead.
	pressAhead = 4
)

// press writes to the spools of tables on a goroutine of its own: their digests,
// compression and encipherment cost as much as making the records, which goes on
// meanwhile. The chunks of a spool are written in the order in which they came.
type press struct {
	jobs   chan pressJob
	free   chan []byte
	quit   chan struct{} // closed by stop
	done   chan struct{} // closed when the goroutine has ended
	failed atomic.Pointer[error]
}

type pressJob struct {
	spool *spool
	data  []byte
	last  bool
	reply chan error // told when the chunk is written; nil: nobody waits
}

func startPress() *press {
	p := &press{jobs: make(chan pressJob, pressAhead), free: make(chan []byte, pressAhead+2), quit: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
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
	_, err := j.spool.Write(j.data)
	if err == nil && j.last {
		err = j.spool.finish()
	}
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
	}
	if cap(j.data) <= 2*pressChunk {
		select {
		case p.free <- j.data[:0]:
		default:
		}
	}
	if j.reply != nil {
		j.reply <- err
	}
}

// write hands a chunk over and returns an empty one to go on with. Its error may be
// that of an earlier chunk. After the last chunk of a spool it is finished.
func (p *press) write(s *spool, data []byte, last bool) ([]byte, error) {
	if err := p.failed.Load(); err != nil {
		return data[:0], *err
	}
	j := pressJob{spool: s, data: data, last: last}
	if last || len(data) > pressAhead*pressChunk {
		j.reply = make(chan error, 1)
	}
	select {
	case <-p.quit:
		return data[:0], ErrClosed
	case p.jobs <- j:
	}
	if j.reply != nil {
		select {
		case <-p.done:
			return nil, ErrClosed
		case err := <-j.reply:
			return nil, err
		}
	}
	select {
	case b := <-p.free:
		return b, nil
	default:
		return make([]byte, 0, pressChunk+pressChunk/4), nil
	}
}

// stop ends the goroutine and waits for it. What was not written is not.
func (p *press) stop() {
	close(p.quit)
	<-p.done
}
