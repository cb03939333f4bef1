package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// Beside the rows drawn of a table stand some of those that the rows drawn of others refer
// to, over tables in between.
func TestSampleReferred(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "t: id!", "")
		for _, q := range []string{
			"CREATE TABLE owners (id INTEGER PRIMARY KEY, phone VARCHAR(20))",
			"CREATE TABLE orders (order_no VARCHAR(20) PRIMARY KEY, owner INTEGER, FOREIGN KEY (owner) REFERENCES owners(id))",
			"CREATE TABLE visits (a INTEGER, b INTEGER, order_no VARCHAR(20), PRIMARY KEY (a, b), FOREIGN KEY (order_no) REFERENCES orders(order_no))",
		} {
			f.exec(q)
		}
		for i := range 400 {
			f.exec(fmt.Sprintf("INSERT INTO owners VALUES (%d, '98765%05d')", i, i))
			f.exec(fmt.Sprintf("INSERT INTO orders VALUES ('O-%d', %d)", i, i))
			f.exec(fmt.Sprintf("INSERT INTO visits VALUES (%d, 1, 'O-%d')", i, i))
		}
		got := map[string]connectors.Table{}
		for tb, err := range f.src.Sample(context.Background(), 10, 7) {
			if err != nil {
				t.Fatal(err)
			}
			got[tb.Name] = tb
		}
		visited := texts(got["visits"].Columns[2].Cells)
		orders, owners := got["orders"], got["owners"]
		if orders.Rows != 10 || owners.Rows != 10 || orders.Total != 400 || len(orders.Columns[0].Cells) != 10 {
			t.Fatalf("%d of %d orders, %d owners", orders.Rows, orders.Total, owners.Rows)
		}
		known := append(texts(orders.Columns[0].Cells), texts(orders.Referred[0])...)
		for _, no := range visited {
			if !slices.Contains(known, no) {
				t.Errorf("the order of a visit is not there: %s", no)
			}
			if id := no[2:]; !slices.Contains(append(texts(owners.Columns[0].Cells), texts(owners.Referred[0])...), id) {
				t.Errorf("the owner of the order of a visit is not there: %s", id)
			}
		}
		for _, c := range orders.Referred[0] {
			if c.Row < orders.Rows {
				t.Errorf("row %d is a drawn one", c.Row)
			}
		}
		if got["visits"].Referred != nil {
			t.Error("nothing refers to visits")
		}
	})
}

// A reference whose rows cannot be found is a gap of the table that has it.
func TestSampleSaysWhatCannotBeFollowed(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "a: id!\nb: id!", "")
		for _, q := range []string{"CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER)", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1, 1)"} {
			f.exec(q)
		}
		err := f.src.reading(context.Background(), func(ss *session, sc *schema) error {
			wrong := *sc
			wrong.refs = []reference{{from: "b", to: "a", fromCols: []string{"a"}, toCols: []string{"renamed"}, declared: true}}
			draws, err := f.src.draws(context.Background(), ss, &wrong, 10, 7)
			if err != nil {
				return err
			}
			if gaps := draws[sc.table("b")].gaps; len(gaps) != 1 || !strings.Contains(gaps[0].Reason, `table "a"`) {
				t.Errorf("gaps: %v", gaps)
			}
			if kind == "postgres" {
				return nil // it reads nothing more after an error
			}
			got, err := f.src.sample(context.Background(), ss, sc, draws[sc.table("b")])
			if err != nil || len(got.Gaps) != 1 || got.Rows != 1 {
				t.Errorf("%d gaps, %d rows (%v)", len(got.Gaps), got.Rows, err)
			}
			return nil
		})
		if err != nil && kind != "postgres" {
			t.Fatal(err)
		}
	})
}

func texts(cells []connectors.Cell) []string {
	var out []string
	for _, c := range cells {
		out = append(out, c.Text)
	}
	return out
}
