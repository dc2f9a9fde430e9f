package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
)

// A runner evaluates expressions, and adds up their cost.
type runner struct {
	ctx      context.Context
	values   *values
	spent    map[*expression]uint64
	programs map[*expression]cel.Program // with the limit for this report
}

// holds evaluates a condition.
func (r *runner) holds(e *expression) (bool, error) {
	out, err := r.eval(e)
	truth, _ := out.(bool)
	return truth, err
}

func (r *runner) eval(e *expression) (any, error) {
	if e.bounded {
		v, _, err := e.program.Eval(r.values)
		if err != nil {
			return nil, e.fail(err)
		}
		return v.Value(), nil
	}
	program, limit := e.program, uint64(maxCost)
	if e.wide {
		limit += costPerThing * uint64(r.values.elements())
		if program = r.programs[e]; program == nil {
			var err error
			if program, err = e.plan(limit); err != nil {
				return nil, err
			}
			r.programs[e] = program
		}
	}
	v, details, err := program.ContextEval(r.ctx, r.values)
	if details != nil {
		if cost := details.ActualCost(); cost != nil {
			r.spent[e] += *cost
		}
	}
	switch total := uint64(maxTotal) + costPerThing*uint64(r.values.elements()); {
	case r.ctx.Err() != nil:
		return nil, r.ctx.Err()
	case err != nil && strings.Contains(err.Error(), "cost limit exceeded"):
		return nil, fmt.Errorf("%q was stopped: it costs more than %d units of CEL", shorten(e.text), limit)
	case err != nil:
		return nil, e.fail(err)
	case r.spent[e] > total:
		return nil, fmt.Errorf("%q was stopped: it costs more than %d units of CEL on the whole image", shorten(e.text), total)
	}
	return v.Value(), nil
}

func (e *expression) fail(err error) error {
	return fmt.Errorf("%q: %w", shorten(e.text), errors.New(goType.ReplaceAllString(strings.ReplaceAll(err.Error(), packageName, "package"), "$1")))
}

// say writes a message.
func (r *runner) say(parts []part) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		if p.expression == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := r.eval(p.expression)
		if err != nil {
			return "", err
		}
		b.WriteString(textOf(v))
	}
	return b.String(), nil
}

// textOf writes a value for a person.
func textOf(v any) string {
	if t, ok := v.(time.Time); ok {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}
