package policy

import (
	"cmp"
	"math"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// A clock collects the instants at which a comparison of an evaluation turns out otherwise. An evaluation takes the same way until the
// first of them, since it depends on the time by these comparisons only.
type clock struct{ now, next time.Time }

// note adds an instant. One that has passed changes nothing any more.
func (c *clock) note(at time.Time) {
	if c != nil && at.After(c.now) && (c.next.IsZero() || at.Before(c.next)) {
		c.next = at
	}
}

// The types of the variable now and of the time that has passed since an instant.
var (
	nowType = types.NewObjectType("now", traits.ComparerType|traits.AdderType|traits.SubtractorType)
	ageType = types.NewObjectType("age", traits.ComparerType)
)

// timeOperators declares the operators of both types. A timestamp or a duration on the left is moved to the right by compile.
func timeOperators() []cel.EnvOption {
	options := []cel.EnvOption{
		cel.Function("_-_", cel.Overload("now_minus_timestamp", []*cel.Type{nowType, cel.TimestampType}, ageType),
			cel.Overload("now_minus_duration", []*cel.Type{nowType, cel.DurationType}, nowType)),
		cel.Function("_+_", cel.Overload("now_plus_duration", []*cel.Type{nowType, cel.DurationType}, nowType)),
		cel.Function("age", cel.Overload("age_timestamp", []*cel.Type{nowType, cel.TimestampType}, ageType,
			cel.BinaryBinding(func(now, since ref.Val) ref.Val { return now.(nowValue).Subtract(since) }))),
		cel.Macros(cel.GlobalMacro("age", 1, ageMacro)),
		cel.Function(overloads.TypeConvertTimestamp, cel.Overload("now_to_timestamp", []*cel.Type{nowType}, cel.TimestampType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.(nowValue).plain() }))),
		cel.Function(overloads.TypeConvertDuration, cel.Overload("age_to_duration", []*cel.Type{ageType}, cel.DurationType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.(ageValue).plain() }))),
	}
	for _, operator := range orders {
		options = append(options, cel.Function(operator,
			cel.Overload("now"+operator, []*cel.Type{nowType, cel.TimestampType}, cel.BoolType),
			cel.Overload("age_duration"+operator, []*cel.Type{ageType, cel.DurationType}, cel.BoolType),
			cel.Overload("age_days"+operator, []*cel.Type{ageType, cel.IntType}, cel.BoolType)))
	}
	return options
}

// A nowValue is the time of the evaluation, shifted.
type nowValue struct {
	shift time.Duration
	clock *clock
}

func (n nowValue) at() time.Time { return n.clock.now.Add(n.shift) }

// plain returns the time as a timestamp. What becomes of it is unknown, so that it may change with the next second.
func (n nowValue) plain() ref.Val {
	n.clock.note(n.clock.now.Truncate(time.Second).Add(time.Second))
	return types.Timestamp{Time: n.at()}
}

// compare compares the time with an instant, and notes when that changes.
func (n nowValue) compare(with time.Time) int {
	turn := with.Add(-n.shift)
	if turn.Equal(n.clock.now) {
		turn = turn.Add(1)
	}
	n.clock.note(turn)
	return n.at().Compare(with)
}

// Compare implements [traits.Comparer].
func (n nowValue) Compare(other ref.Val) ref.Val {
	t, ok := other.(types.Timestamp)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(n.compare(t.Time))
}

// Subtract implements [traits.Subtractor].
func (n nowValue) Subtract(other ref.Val) ref.Val {
	switch v := other.(type) {
	case types.Timestamp:
		return ageValue{n, v.Time}
	case types.Duration:
		return nowValue{n.shift - v.Duration, n.clock}
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Add implements [traits.Adder].
func (n nowValue) Add(other ref.Val) ref.Val {
	d, ok := other.(types.Duration)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return nowValue{n.shift + d.Duration, n.clock}
}

func (n nowValue) ConvertToNative(t reflect.Type) (any, error) {
	return types.Timestamp{Time: n.at()}.ConvertToNative(t)
}

func (n nowValue) ConvertToType(t ref.Type) ref.Val {
	return convert(n, n.at().Format(time.RFC3339), t)
}

// Equal implements [ref.Val].
func (n nowValue) Equal(other ref.Val) ref.Val {
	m, ok := other.(nowValue)
	return types.Bool(ok && n == m)
}

func (n nowValue) Type() ref.Type { return nowType }

func (n nowValue) Value() any { return n.at() }

// An ageValue is the time that has passed since an instant. An instant that is unknown is the beginning of 1970, so that its age is great.
type ageValue struct {
	now   nowValue
	since time.Time
}

func (a ageValue) duration() time.Duration { return a.now.at().Sub(a.since) }

// plain returns the age as a duration. What becomes of it is unknown, so that it may change with the next second.
func (a ageValue) plain() ref.Val {
	a.now.plain()
	return types.Duration{Duration: a.duration()}
}

const (
	day     = 24 * time.Hour
	maxDays = int64(math.MaxInt64 / day)
)

// Compare implements [traits.Comparer]. It compares with durations, and with numbers of days.
func (a ageValue) Compare(other ref.Val) ref.Val {
	switch v := other.(type) {
	case types.Duration:
		return types.Int(a.now.compare(a.since.Add(v.Duration)))
	case types.Int:
		if int64(v) > maxDays || int64(v) < -maxDays {
			return types.Int(cmp.Compare(0, int64(v)))
		}
		return types.Int(a.now.compare(a.since.Add(time.Duration(v) * day)))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

func (a ageValue) ConvertToNative(t reflect.Type) (any, error) {
	return types.Duration{Duration: a.duration()}.ConvertToNative(t)
}

func (a ageValue) ConvertToType(t ref.Type) ref.Val { return convert(a, a.duration().String(), t) }

// Equal implements [ref.Val].
func (a ageValue) Equal(other ref.Val) ref.Val {
	b, ok := other.(ageValue)
	return types.Bool(ok && a == b)
}

func (a ageValue) Type() ref.Type { return ageType }

// Value returns the age as messages write it: whole days, or a duration below two days.
func (a ageValue) Value() any {
	if d := a.duration(); d >= 2*day {
		return int64(d / day)
	}
	return a.duration().Truncate(time.Second)
}
