package yamltree

// Kind is the kind of a node.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	Map
	List
)

// String names the kind as error messages do.
func (k Kind) String() string {
	return [...]string{"nothing", "a text", "a number", "a number", "true or false", "a mapping", "a list"}[k]
}

// Pos is a place in a file, from 1.
type Pos struct{ Line, Column int }

// Node is one value.
type Node struct {
	Pos
	Kind    Kind
	Text    string  // the value of a scalar: a string's text, a number or boolean as spelt
	Quoted  bool    // a string that was written in quotes
	Entries []Entry // of a Map, in file order, without duplicates
	Items   []*Node // of a List
}

// Entry is one key of a Map with its value, which is never nil.
type Entry struct {
	Pos
	Key   string
	Value *Node
}

// Get returns the value of a key, or nil when n is nil, no Map, or has no such
// key. A key with an empty value counts as absent.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key == key && n.Entries[i].Value.Kind != Null {
			return n.Entries[i].Value
		}
	}
	return nil
}

// Scalar reports whether the node is a text, a number or a boolean.
func (n *Node) Scalar() bool {
	return n != nil && n.Kind >= String && n.Kind <= Bool
}
