package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/pipeline"
)

func (a *app) correctCmd() *cobra.Command {
	var o pipeline.CorrectOptions
	var out string
	c := &cobra.Command{
		Use: "correct IDENT --set CATEGORY=VALUE... -o PLAN", Short: "Plan new values for fields of a person's own records", Args: cobra.ExactArgs(1),
		Long: "Plans new values for the fields of a category (a fideslang key such as user.contact.email) in every copy of a\n" +
			"person that can carry them. Only her own records are touched, and of a record that others share her part alone.\n" +
			"When she has several values of the category, the one she is asked for by, or --from, says which is wrong.\n" +
			"Issued invoices are never edited; they, and everything else in which the old value stays, are listed as kept.",
		RunE: func(c *cobra.Command, args []string) error {
			o.Ident = args[0]
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum, err := s.Correct(c.Context(), o, out)
				var choice *pipeline.ChoiceError
				if errors.As(err, &choice) {
					for _, l := range choice.Choices {
						a.out.line(l)
					}
				}
				return sum, a.ambiguous(err)
			})
		},
	}
	c.Flags().StringArrayVar(&o.Set, "set", nil, "CATEGORY=VALUE to set; may be given for several categories")
	c.Flags().StringArrayVar(&o.From, "from", nil, "CATEGORY=OLD: replace only this value of hers; may be given several times")
	withIdent(c)
	accountFlag(c, &o.Account)
	outFlag(c, &out, "the plan to write")
	return c
}
