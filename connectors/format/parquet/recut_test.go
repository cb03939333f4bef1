package parquet

import (
	"fmt"
	"math/rand/v2"
)

// mails makes the PLAIN bytes of n addresses, which hold many short matches.
func mails(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	var out []byte
	for range n {
		v := fmt.Sprintf("user%d@example.%s", rng.IntN(100_000_000), []string{"com", "in", "org"}[rng.IntN(3)])
		out = append(append(out, byte(len(v)), 0, 0, 0), v...)
	}
	return out
}
