package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// wordFlag adds a flag that says something when it is given.
func wordFlag(c *cobra.Command, to *string, name, what string) {
	c.Flags().Var(word{to}, name, what)
}

// word is the value of a flag that cannot be empty. An empty one comes from a variable of
// a script that is not set: taken for no flag at all, it would leave a bundle open, or
// look at every account.
type word struct{ to *string }

// Set implements pflag.Value.
func (w word) Set(v string) error {
	if v == "" {
		return errors.New("it is empty; leave the flag out, or give a value")
	}
	*w.to = v
	return nil
}

// String implements pflag.Value.
func (w word) String() string {
	if w.to == nil {
		return ""
	}
	return *w.to
}

// Type implements pflag.Value.
func (w word) Type() string { return "string" }

// positive is the value of a flag that counts, from 1.
type positive struct{ to *int }

// Set implements pflag.Value.
func (p positive) Set(v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return errors.New("give a whole number from 1")
	}
	*p.to = n
	return nil
}

// String implements pflag.Value.
func (p positive) String() string {
	if p.to == nil {
		return "0"
	}
	return strconv.Itoa(*p.to)
}

// Type implements pflag.Value.
func (p positive) Type() string { return "int" }

func outFlag(c *cobra.Command, to *string, what string) {
	c.Flags().VarP(outPath{word{to}}, "output", "o", what)
	if err := c.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is defined one line above
	}
}

// outPath is the value of -o. A url would be taken for a folder of that name, or for a
// bucket, which nobody asks where it stands.
type outPath struct{ word }

// Set implements pflag.Value.
func (p outPath) Set(v string) error {
	if v == "" {
		return errors.New("give the path of a file")
	}
	if strings.Contains(v, "://") {
		return errors.New("it is written to a file of this machine, and to no bucket: give a path")
	}
	*p.to = v
	return nil
}
