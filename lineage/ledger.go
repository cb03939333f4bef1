package lineage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

func (g *Graph) ledgerKey(t Token, account string) []byte {
	return cat([]byte("s"), t[:], g.keys.mac(nil, []byte("account"), []byte(account))[:8])
}

func (g *Graph) loadLedger() error {
	return g.prefix([]byte("s"), func(k, _ []byte) error {
		g.ledger[Token(k[1:17])]++
		return nil
	})
}

// Suppress puts identifiers of erased people on the ledger. An identifier that
// is there already keeps its first line.
func (g *Graph) Suppress(list []Suppression) error {
	for _, s := range list {
		k := g.ledgerKey(s.Token, s.Account)
		old, err := g.get(k)
		if err != nil {
			return err
		}
		if old != nil {
			continue
		}
		data, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("write the ledger: %w", err)
		}
		if err := g.put(k, g.Seal(data)); err != nil {
			return err
		}
		g.mu.Lock()
		g.ledger[s.Token]++
		g.mu.Unlock()
	}
	return g.Sync()
}

// Sync returns when all that was written is durable.
func (g *Graph) Sync() error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	if err := g.db.Sync(); err != nil {
		return fmt.Errorf("sync the graph: %w", err)
	}
	return nil
}

// Suppressed reports whether the identifier is on the ledger for the account.
func (g *Graph) Suppressed(t Token, account string) (Suppression, bool, error) {
	g.mu.RLock()
	n := g.ledger[t]
	g.mu.RUnlock()
	if n == 0 {
		return Suppression{}, false, nil
	}
	v, err := g.get(g.ledgerKey(t, account))
	if err != nil || v == nil {
		return Suppression{}, false, err
	}
	s, err := g.suppression(v)
	return s, err == nil, err
}

func (g *Graph) suppression(v []byte) (Suppression, error) {
	var s Suppression
	data, err := g.Unseal(v)
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read the ledger: %w", err)
	}
	return s, nil
}

// Suppressions returns the whole ledger.
func (g *Graph) Suppressions() ([]Suppression, error) {
	var out []Suppression
	err := g.prefix([]byte("s"), func(_, v []byte) error {
		s, err := g.suppression(v)
		out = append(out, s)
		return err
	})
	return out, err
}

// PutDoc stores a small document, sealed.
func (g *Graph) PutDoc(bucket, id string, doc []byte) error {
	return g.put(docKey(bucket, id), g.Seal(doc))
}

// Doc returns a document, nil when there is none.
func (g *Graph) Doc(bucket, id string) ([]byte, error) {
	v, err := g.get(docKey(bucket, id))
	if err != nil || v == nil {
		return nil, err
	}
	return g.Unseal(v)
}

// DeleteDoc removes a document.
func (g *Graph) DeleteDoc(bucket, id string) error {
	err := g.update(func(tx *badger.Txn) error { return tx.Delete(docKey(bucket, id)) })
	if err != nil {
		return fmt.Errorf("delete a document: %w", err)
	}
	return nil
}

// docsAtOnce is how many documents are in memory at a time; some are half a megabyte.
const docsAtOnce = 8

// EachDoc calls fn with the documents of a bucket, by id. fn may use the graph, and may
// delete the document that it is given.
func (g *Graph) EachDoc(bucket string, fn func(id string, doc []byte) error) error {
	type named struct {
		id  string
		doc []byte
	}
	p := docKey(bucket, "")
	return inPages(g, p, docsAtOnce, func(k, v []byte) (named, bool, error) {
		doc, err := g.Unseal(v)
		return named{string(k[len(p):]), doc}, true, err
	}, func(d named) error { return fn(d.id, d.doc) })
}

// Docs returns the documents of a bucket by id.
func (g *Graph) Docs(bucket string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := g.EachDoc(bucket, func(id string, doc []byte) error {
		out[id] = doc
		return nil
	})
	return out, err
}

// DocIDs returns the ids of the documents of a bucket, sorted.
func DocIDs(docs map[string][]byte) []string { return slices.Sorted(maps.Keys(docs)) }

func docKey(bucket, id string) []byte { return cat([]byte("d"), []byte(bucket), []byte{0}, []byte(id)) }
