package pipeline

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/cratio/sutra/connectors"
)

// accountBucket holds, by a token of its folded spelling, the name of every account of
// a database in which two spellings of an id may be one account.
const accountBucket = "account"

// accountBook gives every account one name, however a record spells its id.
type accountBook struct {
	folding connectors.Folding // nothing: an id is a name
	spaces  connectors.Spaces  // how the tables of accounts compare ids; see apart
	apart   map[string]bool    // ids, without the spaces around them, that several accounts have
	mu      sync.RWMutex
	names   map[string]string // by folded spelling
	err     error             // why a name could not be remembered
}

// accountFolding tells what the databases overlook in ids of accounts: what all tables
// of accounts do, or where there is none all columns that hold such an id. Ids that one
// of them tells apart are two accounts, which never merge.
func accountFolding(sources []*Source) connectors.Folding {
	var tables, columns []connectors.Folding
	for _, src := range sources {
		for _, c := range src.Dataset.Collections {
			f, ok := c.Field(c.Account)
			switch {
			case !ok:
			case c.Accounts:
				tables = append(tables, f.Folding)
			case database(src.Connector):
				columns = append(columns, f.Folding)
			}
		}
	}
	if len(tables) > 0 {
		columns = tables
	}
	least := connectors.FoldNothing
	for i, f := range columns {
		if i == 0 || f < least {
			least = f
		}
	}
	return least
}

// comparison is how the database compares the values of a key's column.
func comparison(coll connectors.Collection, column string) connectors.Comparison {
	f, _ := coll.Field(column)
	return connectors.Comparison{Folding: f.Folding, Spaces: f.Spaces}
}

// openAccounts makes the book ready for the catalogs as they are now.
func (s *Site) openAccounts() error {
	s.accounts.mu.Lock()
	defer s.accounts.mu.Unlock()
	s.accounts.folding, s.accounts.names = accountFolding(s.Sources), map[string]string{}
	if err := s.openApart(); err != nil {
		return err
	}
	if s.accounts.folding == connectors.FoldNothing || s.Graph == nil {
		return nil
	}
	docs, err := s.Graph.Docs(accountBucket)
	if err != nil {
		return fmt.Errorf("read the names of accounts: %w", err)
	}
	for _, doc := range docs {
		s.accounts.names[s.accounts.fold(string(doc))] = string(doc)
	}
	return nil
}

func (b *accountBook) fold(id string) string {
	if b.apart[b.bare(id)] {
		return connectors.Comparison{Folding: b.folding, Spaces: b.spaces}.Text(id)
	}
	return strings.TrimRight(b.folding.Text(id), " ")
}

// accountNamed returns the name of the account that an id means. The first spelling that
// was met is the name; a scan meets those of the accounts' own tables first.
func (s *Site) accountNamed(id string) string {
	b := &s.accounts
	if id = b.spelled(id); b.folding == connectors.FoldNothing || id == "" {
		return id
	}
	key := b.fold(id)
	b.mu.RLock()
	name, ok := b.names[key]
	b.mu.RUnlock()
	if ok {
		return name
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if name, ok = b.names[key]; ok {
		return name
	}
	name = strings.Clone(id)
	b.names[key] = name
	t := s.Graph.Token(accountBucket, key)
	if err := s.Graph.PutDoc(accountBucket, hex.EncodeToString(t[:]), []byte(name)); err != nil && b.err == nil {
		b.err = fmt.Errorf("remember the name of an account: %w", err)
	}
	return name
}

// knownAccount returns the name of the account that a user means; an id that no record
// has is taken as it is.
func (s *Site) knownAccount(id string) string {
	b := &s.accounts
	b.mu.RLock()
	defer b.mu.RUnlock()
	if name, ok := b.names[b.fold(id)]; ok && b.folding != connectors.FoldNothing {
		return name
	}
	return id
}
