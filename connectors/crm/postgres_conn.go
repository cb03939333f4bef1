package crm

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cratio/sutra/connectors"
)

// pgSession runs statements on a connection of PostgreSQL. Values travel as text in
// both directions.
type pgSession struct{ c *pgconn.PgConn }

// utf8 reports whether all text of the database is valid.
func (p pgSession) utf8() bool { return p.c.ParameterStatus("server_encoding") == "UTF8" }

// The object ids of the types whose text is not passed on as it is.
const (
	oidBool  = 16
	oidBytea = 17
	oidInt8  = 20
	oidInt2  = 21
	oidInt4  = 23
)

func (p pgSession) exec(ctx context.Context, q string, args []any) (int64, error) {
	if len(args) == 0 {
		rs, err := p.c.Exec(ctx, q).ReadAll()
		if err != nil || len(rs) == 0 {
			return 0, err
		}
		return rs[len(rs)-1].CommandTag.RowsAffected(), nil
	}
	r := p.c.ExecParams(ctx, numbered(q), params(args), nil, nil, nil).Read()
	return r.CommandTag.RowsAffected(), r.Err
}

func (p pgSession) query(ctx context.Context, q string, args []any, fn func(v []any) error) error {
	var oids []uint32
	var vals []any
	return p.rows(ctx, q, args, nil, func(fields []pgconn.FieldDescription, raw [][]byte) error {
		if vals == nil {
			vals = make([]any, len(fields))
			for _, f := range fields {
				oids = append(oids, f.DataTypeOID)
			}
		}
		for i, b := range raw {
			v, err := stored(oids[i], b)
			if err != nil {
				return err
			}
			vals[i] = v
		}
		return fn(vals)
	})
}

// rows calls fn for every row of a query with its values as the server spells them, or
// as numbers where forms has a 1, valid during the call. Without arguments and forms it
// takes the simple protocol, which is the fastest way.
func (p pgSession) rows(ctx context.Context, q string, args []any, forms []int16, fn func(fields []pgconn.FieldDescription, raw [][]byte) error) error {
	if len(args) > 0 {
		q = numbered(q)
	}
	if len(args) > 0 || forms != nil {
		return p.drain(ctx, p.c.ExecParams(ctx, q, params(args), nil, nil, forms), fn)
	}
	mr := p.c.Exec(ctx, q)
	var err error
	for err == nil && mr.NextResult() {
		err = p.drain(ctx, mr.ResultReader(), fn)
	}
	if cerr := mr.Close(); err == nil {
		err = cerr
	}
	return err
}

// patience is how many rows a reader that is not wanted any more lets pass before
// it asks the server to stop.
const patience = 20_000

func (p pgSession) drain(ctx context.Context, r *pgconn.ResultReader, fn func([]pgconn.FieldDescription, [][]byte) error) error {
	fields := r.FieldDescriptions()
	var own error
	for passed := 0; r.NextRow(); {
		if own == nil {
			own = fn(fields, r.Values())
			continue
		}
		if passed++; passed == patience && !errors.Is(own, errFarTime) { // the transaction goes on then
			if err := p.c.CancelRequest(ctx); err != nil {
				own = errors.Join(own, err)
			}
		}
	}
	_, err := r.Close()
	if own != nil {
		return own
	}
	return err
}

// stored turns the server's spelling of a value into its stored form.
func stored(oid uint32, b []byte) (any, error) {
	if b == nil {
		return nil, nil
	}
	switch oid {
	case oidInt2, oidInt4, oidInt8:
		n, err := strconv.ParseInt(string(b), 10, 64)
		return n, err
	case oidBool:
		return strconv.FormatBool(len(b) > 0 && b[0] == 't'), nil
	case oidBytea:
		return unescape(b)
	}
	return string(b), nil
}

var errBytea = errors.New("the server spells bytes in a form that is not known")

func unescape(b []byte) ([]byte, error) {
	h, ok := bytes.CutPrefix(b, []byte(`\x`))
	if !ok {
		return nil, errBytea
	}
	out := make([]byte, hex.DecodedLen(len(h)))
	_, err := hex.Decode(out, h)
	if err != nil {
		return nil, errBytea
	}
	return out, nil
}

// params spells arguments as text.
func params(args []any) [][]byte {
	out := make([][]byte, len(args))
	for i, a := range args {
		switch x := a.(type) {
		case nil:
		case string:
			out[i] = []byte(x)
		case []byte:
			out[i] = append([]byte(`\x`), hex.AppendEncode(nil, x)...)
		default:
			out[i] = fmt.Append(nil, x)
		}
	}
	return out
}

// numbered turns question marks into $1, $2..., those in quotes apart.
func numbered(q string) string {
	var b strings.Builder
	n, quote := 0, rune(0)
	for _, r := range q {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// serverError is an error of a database server in words that carry no value of a
// row.
type serverError struct {
	code   string
	text   string
	kind   error // one of the port's errors, or nil
	passes bool  // goes away when the transaction is tried again
	row    bool  // a constraint or a type of one row
}

// Error implements error.
func (e *serverError) Error() string { return e.text + " (" + e.code + ")" }

// Unwrap returns the port's error.
func (e *serverError) Unwrap() error { return e.kind }

// explainPostgres translates a driver's error. Messages are passed on only from
// the classes that speak of the schema or of the server, never of values.
func explainPostgres(err error) error {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		var ce *pgconn.ConnectError
		var se *serverError
		switch {
		case err == nil, errors.As(err, &se), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return err
		case errors.As(err, &ce):
			return &serverError{code: "08001", text: "the database server cannot be reached", passes: true}
		}
		return &serverError{code: "08006", text: "the connection to the database server broke", passes: true}
	}
	out := &serverError{code: pe.Code, text: pe.Message}
	class := pe.Code
	if len(class) >= 2 {
		class = class[:2]
	}
	switch class {
	case "22", "23", "44": // their messages show values
		out.row, out.kind = true, connectors.ErrForbidden
		out.text = "a value does not fit"
		if class != "22" {
			out.text = "a constraint is violated"
		}
		for _, part := range [][2]string{{"table", pe.TableName}, {"column", pe.ColumnName}, {"constraint", pe.ConstraintName}} {
			if part[1] != "" {
				out.text += fmt.Sprintf(", %s %q", part[0], part[1])
			}
		}
	case "40":
		out.kind, out.passes, out.text = connectors.ErrBusy, true, "other transactions were in the way"
	case "57", "08":
		out.passes = pe.Code != "57014"
	case "P0": // raised by a trigger, in words that may be anybody's
		out.kind, out.text = connectors.ErrForbidden, "a trigger or function of the database refuses the change"
	case "42", "55", "0A": // of one table or one trigger of it, as a rule: it writes where the user may not
		out.kind = connectors.ErrForbidden
	case "28", "3D", "25", "53", "54", "58", "XX":
	default:
		out.text = "the database refused the statement"
	}
	switch pe.Code {
	case "57014":
		out.text = "the statement took longer than the time that is allowed for it"
	case "55P03":
		out.kind, out.passes, out.text = connectors.ErrBusy, true, "rows or tables are held by another transaction"
	case "25006":
		out.kind = connectors.ErrReadOnly
	case "42601", "42P18":
		out.text = "the database refused the statement"
	}
	return out
}

func refusedRow(err error) bool {
	var se *serverError
	return errors.As(err, &se) && se.row
}

func passingError(err error) bool {
	var se *serverError
	return errors.As(err, &se) && se.passes
}

// notNow reports that what was wanted can wait: others were in the way, the server was not
// there, or it took too long.
func notNow(err error) bool {
	var se *serverError
	return errors.As(err, &se) && (se.passes || se.code == "57014" || se.code == "MySQL 1969" || se.code == "MySQL 3024")
}

func (d *postgres) refused(err error) bool { return refusedRow(err) }
func (d *postgres) passing(err error) bool { return passingError(err) }
