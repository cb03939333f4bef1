package parquet

import "sync/atomic"

// work counts what rewrites did with pages, for whoever measures them: headers and
// bodies of pages that stay are not looked into and do not count. A nil work counts
// nothing.
type work struct {
	unpacked atomic.Int64 // bytes of pages that were decompressed, after it
	packed   atomic.Int64 // bytes that were compressed, before it
	kept     atomic.Int64 // bytes of changed pages whose blocks stayed as they were
	carried  atomic.Int64 // bytes of changed pages whose literals stayed as they were
}

func (w *work) unpack(rp *rawPage) {
	if w != nil {
		w.unpacked.Add(int64(rp.size))
	}
}

func (w *work) pack(n int, did carried) {
	if w != nil {
		w.packed.Add(int64(n - did.blocks - did.literals))
		w.kept.Add(int64(did.blocks))
		w.carried.Add(int64(did.literals))
	}
}
